"""Runs the pinned ministack emulator for `cargo local`, with what one machine needs on top.

- A front door: every request on API_PORT goes to the deployed HTTP API, so that plain URLs work
  without a Host header or a name server.
- Stream records are kept with their tables. ministack keeps the consumers' positions but not the
  records, and a consumer would wait after a restart until as many new records had come.
- What a function prints goes to LOGS_DIR/<function>.log, and not into the emulator's memory, where a
  log stream for each invocation would pile up.
- No Nagle delay on the functions' runtime API, which saves 40 ms at each invocation.

Not for AWS: nothing here is deployed.
"""

import asyncio
import copy
import os
import resource
import socketserver

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.services import apigateway, dynamodb, lambda_svc

HOST = "127.0.0.1"
EMULATOR_PORT = int(os.environ["GATEWAY_PORT"])
API_PORT = int(os.environ["API_PORT"])
LOGS_DIR = os.environ["LOGS_DIR"]


async def front_door(scope, receive, send):
    """Hands requests on API_PORT to the one HTTP API of the stack, all others to the emulator."""
    if scope["type"] == "http" and scope["server"][1] == API_PORT:
        scope = dict(scope, headers=with_host(scope["headers"], api_host()))
    await ministack.app(scope, receive, send)


def api_host():
    for _account, _region, api_id in list(apigateway._apis._data):
        return f"{api_id}.execute-api.localhost:{EMULATOR_PORT}".encode()
    return b"no-api-deployed-yet.localhost"


def with_host(headers, host):
    return [(name, host if name.lower() == b"host" else value) for name, value in headers]


def keep_stream_records():
    """Adds the stream records to what dynamodb saves and restores."""
    save_tables, load_tables = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state():
        return save_tables() | {
            "stream_records": copy.deepcopy(dynamodb._stream_records),
            "stream_trimmed": copy.deepcopy(dynamodb._stream_trimmed),
        }

    def load_persisted_state(data):
        load_tables(data)
        dynamodb._stream_records.update(data.get("stream_records", {}))
        dynamodb._stream_trimmed.update(data.get("stream_trimmed", {}))

    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_persisted_state


def save_tables_last():
    """A position saved before its records is read again; one saved after them would be lost."""
    services = ministack._build_persistence_save_dict

    def in_order():
        found = services()
        return {name: found[name] for name in sorted(found, key="dynamodb".__eq__)}

    ministack._build_persistence_save_dict = in_order


def write_function_log(func, _request_id, text, _error, _duration_ms, *, log_source=None):
    if text:
        name = (func.get("config") or func)["FunctionName"]
        with open(os.path.join(LOGS_DIR, f"{name}.log"), "a") as log:
            log.write(text + "\n")


def main():
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    lambda_svc._emit_lambda_logs = write_function_log
    keep_stream_records()
    save_tables_last()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = Config()
    config.bind = [f"{HOST}:{EMULATOR_PORT}", f"{HOST}:{API_PORT}"]
    config.keep_alive_timeout = 75
    asyncio.run(serve(front_door, config))


if __name__ == "__main__":
    main()
