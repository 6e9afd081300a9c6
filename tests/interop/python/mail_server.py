"""A mail server on aiosmtpd: in the clear, with STARTTLS or over TLS, with a login, and with answers of one's
choice to recipients. It tells of each mail that it takes, as Python's own parser reads it."""

import asyncio
import base64
import email
import email.policy
import logging
import ssl
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult
from lines import orders, say


class Handler:
    def __init__(self):
        self.answers = {}  # by recipient: what is said until all is used up

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = self.answers.get(address)
        if answers:
            answer = answers.pop(0)
            say("refused", to=address, answer=answer)
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        bodies = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
        parts = {kind: body.get_content().replace("\r\n", "\n") for kind, body in bodies.items() if body}
        files = [
            {
                "name": part.get_filename(),
                "type": part.get_content_type(),
                "content": base64.b64encode(part.get_payload(decode=True)).decode(),
            }
            for part in mail.iter_attachments()
        ]
        say(
            "mail",
            envelope_from=envelope.mail_from,
            envelope_to=envelope.rcpt_tos,
            headers={name.lower(): str(value) for name, value in mail.items()},
            parts=parts,
            files=files,
            over_tls=server.transport.get_extra_info("ssl_object") is not None,
            login=getattr(session, "who", None),
            hello=session.host_name,
        )
        return "250 taken"


def context(certificate, key):
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate, key)
    return found


async def listen(handler, loop, tls="none", certificate=None, key=None, username=None, password=None):
    def authenticator(server, session, envelope, mechanism, data):
        good = (data.login.decode(), data.password.decode()) == (username, password)
        session.who = data.login.decode()
        return AuthResult(success=good, handled=False, message=None if good else "535 5.7.8 wrong")

    def server():
        return SMTP(
            handler,
            hostname="mail.test",
            tls_context=context(certificate, key) if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            auth_required=username is not None,
            auth_require_tls=False,
            authenticator=authenticator,
            loop=loop,
        )

    over = context(certificate, key) if tls == "tls" else None
    made = await loop.create_server(server, "127.0.0.1", 0, ssl=over)
    return made.sockets[0].getsockname()[1]


def main():
    # That it is unsafe to take a login in the clear is known here.
    warnings.simplefilter("ignore")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    handler, loop = Handler(), asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    for order, fields in orders():
        if order == "listen":
            port = asyncio.run_coroutine_threadsafe(listen(handler, loop, **fields), loop).result()
            say("listening", port=port)
        elif order == "answer":
            handler.answers[fields["to"]] = list(fields["answers"])
            say("ready")


main()
