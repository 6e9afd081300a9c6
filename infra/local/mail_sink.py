"""A mail server that delivers to nobody: it writes each mail to a file of its own, to be read or opened."""

import argparse
import asyncio
import itertools
import os
import pathlib
import re
import time

from aiosmtpd.smtp import SMTP


class Sink:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = itertools.count(1)

    async def handle_DATA(self, server, session, envelope):
        to = re.sub(r"[^A-Za-z0-9.@_-]", "_", envelope.rcpt_tos[0])[:80]
        name = time.strftime("%Y-%m-%d_%H-%M-%S", time.gmtime()) + f"_{next(self.count):03}_{to}.eml"
        partial = self.folder / f".{name}"
        partial.write_bytes(envelope.original_content)
        os.replace(partial, self.folder / name)  # whoever watches the folder sees whole mails
        print(f"{envelope.mail_from} -> {', '.join(envelope.rcpt_tos)}: {name}", flush=True)
        return "250 written"


async def serve(port, folder):
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="localhost", loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.folder))
