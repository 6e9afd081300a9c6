"""smpplib under load: `load.py PORT COUNT WINDOW RECEIPTS` keeps a window of submits open and prints how
many were answered in a second, and its own CPU time for one."""

import json
import socket
import sys
import time

from smpplib.client import Client

port, total, window = map(int, sys.argv[1:4])
receipts = sys.argv[4] == "true"
client = Client("127.0.0.1", port, timeout=60, allow_unknown_opt_params=True)
sent = answered = reported = 0


def submit():
    global sent
    sent += 1
    client.send_message(
        source_addr_ton=5,
        source_addr="Waybill",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="491700000001",
        registered_delivery=1,
        short_message=b"Your code is 123456 ab",
    )


def take_answer(pdu):
    global answered
    answered += 1
    if sent < total:
        submit()


def take_receipt(pdu):
    global reported
    reported += 1


client.set_message_sent_handler(take_answer)
client.set_message_received_handler(take_receipt)
client.connect()
client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
client.bind_transceiver(system_id="load", password="load")
started, before = time.perf_counter_ns(), time.process_time_ns()
for _ in range(window):
    submit()
while answered < total or (receipts and reported < total):
    client.read_once()
elapsed, used = time.perf_counter_ns() - started, time.process_time_ns() - before
print(json.dumps({"per_second": total * 10**9 // elapsed, "cpu_ns": used // total}))
client.unbind()
client.disconnect()
