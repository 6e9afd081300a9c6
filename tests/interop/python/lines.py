"""Objects as lines of JSON: orders come on standard input, events go to standard output."""

import json
import os

from smpplib import consts, gsm


def say(event, **fields):
    # One write a line, since threads say things at once.
    os.write(1, (json.dumps({"event": event, **fields}) + "\n").encode())


# Unbuffered, so that a select sees what is left.
INPUT = open(0, "rb", buffering=0, closefd=False)


def orders():
    for line in iter(INPUT.readline, b""):
        order = json.loads(line)
        yield order.pop("order"), order
    os._exit(0)  # whoever started us has gone


def text_of(pdu):
    """The text of a message and its header: of a short one, or of a payload."""
    octets = pdu.short_message or getattr(pdu, "message_payload", None) or b""
    header = b""
    if pdu.esm_class & consts.SMPP_GSMFEAT_UDHI:
        header, octets = octets[: octets[0] + 1], octets[octets[0] + 1 :]
    if pdu.data_coding == consts.SMPP_ENCODING_ISO10646:
        return header, octets.decode("utf-16-be")
    return header, from_septets(octets)


def from_septets(octets):
    """The package only writes this alphabet, so its table is read the other way round."""
    text, escaped = [], 0
    for octet in octets:
        if octet == 0x1B:
            escaped = 0x80
            continue
        text.append(gsm.GSM_CHARACTER_TABLE[octet + escaped])
        escaped = 0
    return "".join(text)
