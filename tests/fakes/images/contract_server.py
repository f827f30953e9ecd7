"""A container that follows SageMaker's hosting contract and tells what it sees. It runs inside the test image.

BEHAVIOUR in its environment: "exit" ends before it is ready, "stubborn" does not end at SIGTERM.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = Path("/opt/ml/model")


def about() -> dict[str, Any]:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return {
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "hostname": socket.gethostname(),
        "no_new_privileges": status["NoNewPrivs"],
        "cpus": status["Cpus_allowed_list"],
        "model": {str(path.relative_to(MODEL)): path.read_text() for path in MODEL.rglob("*") if path.is_file()},
    }


def write(path: str) -> dict[str, Any]:
    try:
        Path(path).write_text("x")
    except OSError as error:
        return {"refused": error.strerror}
    return {"refused": None}


def ask(host: str, port: int) -> dict[str, Any]:
    try:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        connection.request("GET", "/ping")
        return {"status": connection.getresponse().status}
    except OSError as error:
        return {"error": str(error)}


def say(line: str) -> dict[str, Any]:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    sys.stderr.write(f"{line} on stderr\n")
    return {}


def fill(mebibytes: int) -> dict[str, Any]:
    return {"filled": len(bytearray(os.urandom(1024) * 1024 * mebibytes))}


COMMANDS: dict[str, Callable[..., Any]] = {
    "about": about,
    "write": write,
    "ask": ask,
    "say": say,
    "fill": fill,
    "exit": lambda: os._exit(7),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200 if self.path == "/ping" else 404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] == "application/json":
            command = json.loads(body)
            body = json.dumps(COMMANDS[command["do"]](**command.get("with", {}))).encode()
        self.answer(200, body)

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", self.headers.get("Content-Type") or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def main() -> None:
    if sys.argv[1:] != ["serve"]:
        sys.exit(f"started with {sys.argv[1:]}, not with serve")
    behaviour = os.environ.get("BEHAVIOUR")
    if behaviour == "exit":
        sys.stderr.write("no weights\n")
        sys.exit(3)
    server = ThreadingHTTPServer(("", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))), Handler)
    server.daemon_threads = True
    if behaviour != "stubborn":  # the first process of a container does not end at a SIGTERM that it does not handle
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    say("listening")
    server.serve_forever()


if __name__ == "__main__":
    main()
