"""An SMS centre on the PDUs of smpplib, which has no server of its own."""

import socket
import struct
import threading

from lines import orders, say, text_of
from smpplib import client, consts, smpp

counter = iter(range(26001, 1 << 31))
sessions = []


class Session:
    def __init__(self, stream, password, parameters, version):
        self.stream = stream
        self.password = password
        self.parameters = parameters
        self.version = version
        self.generator = client.SimpleSequenceGenerator()
        self.lock = threading.Lock()

    # What smpplib's PDUs ask of a client.
    @property
    def sequence(self):
        return self.generator.sequence

    def next_sequence(self):
        return self.generator.next_sequence()

    def send(self, pdu):
        with self.lock:
            self.stream.sendall(pdu.generate())

    def answer(self, request, status=consts.SMPP_ESME_ROK, **fields):
        pdu = smpp.make_pdu(f"{request.command}_resp", client=self, status=status, **fields)
        pdu.status, pdu.sequence = status, request.sequence
        self.send(pdu)

    def octets(self, count):
        found = b""
        while len(found) < count:
            more = self.stream.recv(count - len(found))
            if not more:
                raise EOFError
            found += more
        return found

    def serve(self):
        try:
            while True:
                length = self.octets(4)
                octets = length + self.octets(struct.unpack(">L", length)[0] - 4)
                if not self.take(smpp.parse_pdu(octets, client=self, allow_unknown_opt_params=True)):
                    break
        except (EOFError, ConnectionError):
            pass
        self.stream.close()

    def take(self, pdu):
        """Whether the session goes on."""
        if pdu.command.startswith("bind_"):
            return self.take_bind(pdu)
        if pdu.command == "submit_sm":
            self.take_submit(pdu)
        elif pdu.command == "enquire_link":
            self.answer(pdu)
        elif pdu.command == "deliver_sm_resp":
            say("acknowledged", status=pdu.status)
        elif pdu.command == "unbind":
            self.answer(pdu)
            say("unbound")
            return False
        return True

    def take_bind(self, pdu):
        if pdu.password.decode() != self.password:
            self.answer(pdu, consts.SMPP_ESME_RINVPASWD)
            return False
        self.answer(pdu, system_id="smpplib", sc_interface_version=self.version)
        sessions.append(self)
        say("bound", mode=pdu.command, version=pdu.interface_version)
        return True

    def take_submit(self, pdu):
        number = next(counter)
        self.answer(pdu, message_id=f"{number:X}")
        header, text = text_of(pdu)
        total = getattr(pdu, "sar_total_segments", None)
        say(
            "submit",
            source=pdu.source_addr.decode("latin-1"),
            destination=pdu.destination_addr.decode("latin-1"),
            text=text,
            coding=pdu.data_coding,
            id=f"{number:X}",
            header=list(header[-2:]) or None,
            parameters=[total, pdu.sar_segment_seqnum] if total else None,
            is_payload=bool(getattr(pdu, "message_payload", None)),
        )
        if pdu.registered_delivery & 1:
            self.report(pdu, number)

    def report(self, submit, number):
        """The id of the answer is hexadecimal, that of the receipt decimal, as many centres have it."""
        failed = submit.destination_addr.endswith(b"0001")
        state, delivered, error = ("UNDELIV", 0, 1) if failed else ("DELIVRD", 1, 0)
        text = (
            f"id:{number:010} sub:001 dlvrd:00{delivered} submit date:2601021530 "
            f"done date:2601021531 stat:{state} err:00{error} text:"
        )
        fields = {}
        if self.parameters:
            fields = dict(receipted_message_id=f"{number:010}", message_state=5 if failed else 2)
        self.deliver(submit.destination_addr.decode(), submit.source_addr.decode(), text, 4, **fields)

    def deliver(self, source, destination, text, esm_class, **fields):
        coding = consts.SMPP_ENCODING_DEFAULT if text.isascii() else consts.SMPP_ENCODING_ISO10646
        octets = text.encode() if text.isascii() else text.encode("utf-16-be")
        pdu = smpp.make_pdu(
            "deliver_sm",
            client=self,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr=source,
            destination_addr=destination,
            esm_class=esm_class,
            data_coding=coding,
            short_message=octets,
            **fields,
        )
        self.send(pdu)


def listen(password, parameters, version=None):
    """`version` is what it says of itself; nothing unless told."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            stream, _ = listener.accept()
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(stream, password, parameters, version)
            threading.Thread(target=session.serve, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    say("listening", port=listener.getsockname()[1])


def deliver(source, destination, text):
    sessions[-1].deliver(source, destination, text, 0)


for order, fields in orders():
    dict(listen=listen, deliver=deliver)[order](**fields)
