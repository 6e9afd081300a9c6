"""A client on smpplib."""

import select

from lines import INPUT, orders, say, text_of
from smpplib import client as smpplib_client
from smpplib import consts, exceptions, gsm, smpp

client = None
answers = []
expected = 0


def bind(port, mode, system_id, password, version):
    global client
    client = smpplib_client.Client("127.0.0.1", port, timeout=30, allow_unknown_opt_params=True)
    client.set_message_received_handler(delivered)
    client.set_message_sent_handler(answered)
    client.set_error_pdu_handler(lambda pdu: None)  # an answer like any other
    client.set_query_resp_handler(queried)
    client.connect()
    pdu = smpp.make_pdu(f"bind_{mode}", client=client, system_id=system_id, password=password)
    pdu.interface_version = version  # the package always says 3.4
    client.send_pdu(pdu)
    answer = client.read_pdu()
    name = getattr(answer, "system_id", None) or b""
    say("bound", status=answer.status, name=name.decode("latin-1"))
    if answer.is_error():
        client.state = consts.SMPP_CLIENT_STATE_CLOSED


def delivered(pdu):
    _, text = text_of(pdu)
    receipted = getattr(pdu, "receipted_message_id", None)
    say(
        "delivered",
        source=pdu.source_addr.decode("latin-1"),
        destination=pdu.destination_addr.decode("latin-1"),
        text=text,
        receipt=pdu.esm_class & 0x3C == 0x04,
        id=receipted and receipted.decode("latin-1"),
        state=getattr(pdu, "message_state", None),
    )


def answered(pdu):
    answers.append({"status": pdu.status, "id": (pdu.message_id or b"").decode("latin-1")})
    if len(answers) == expected:
        say("submitted", answers=list(answers))


def queried(pdu):
    say("queried", status=pdu.status, id=pdu.message_id.decode("latin-1"), state=pdu.message_state)


def messages(text, form):
    if form == "payload":
        encoding = consts.SMPP_ENCODING_DEFAULT if text.isascii() else consts.SMPP_ENCODING_ISO10646
        octets = gsm.gsm_encode(text) if text.isascii() else text.encode("utf-16-be")
        return [dict(data_coding=encoding, message_payload=octets)]
    parts, encoding, esm_class = gsm.make_parts(text, use_udhi=form != "sar")
    common = dict(data_coding=encoding, esm_class=esm_class)
    if form == "sar":
        return [
            dict(
                common,
                short_message=part,
                sar_msg_ref_num=777,
                sar_total_segments=len(parts),
                sar_segment_seqnum=number,
            )
            for number, part in enumerate(parts, start=1)
        ]
    return [dict(common, short_message=part) for part in parts]


def submit(source, destination, text, form):
    global expected
    pdus = messages(text, form)
    answers.clear()
    expected = len(pdus)
    for message in pdus:
        client.send_message(
            source_addr_ton=5,
            source_addr=source,
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=destination,
            registered_delivery=1,
            **message,
        )


def query(source, id):
    client.query_message(message_id=id, source_addr_ton=5, source_addr=source)


def unbind():
    client.send_pdu(smpp.make_pdu("unbind", client=client))
    while client.read_pdu().command != "unbind_resp":
        pass
    client.disconnect()
    say("unbound", status=0)


def obey(line):
    order, fields = line
    dict(bind=bind, submit=submit, query=query, unbind=unbind)[order](**fields)


def is_bound():
    return client is not None and client.state not in (
        consts.SMPP_CLIENT_STATE_CLOSED,
        consts.SMPP_CLIENT_STATE_OPEN,
    )


# The next order and the next PDU, whichever comes first.
lines = orders()
while True:
    links = [INPUT] + ([client._socket] if is_bound() else [])
    readable, _, _ = select.select(links, [], [])
    if INPUT in readable:
        obey(next(lines))
    elif is_bound():
        try:
            client.read_once()
        except exceptions.ConnectionError:
            client.state = consts.SMPP_CLIENT_STATE_CLOSED
            say("closed")
