"""A container that takes next to nothing: it is up in a second, and answers one request at a time after DELAY_MS.

Forty of them run at once, so it shares no code with the framework containers, which bring scikit-learn with them.
"""

from __future__ import annotations

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STARTS_IN_S = 1.0  # so that a deployment has something to wait for
DELAY_S = float(os.environ.get("DELAY_MS", "5")) / 1000
ONE_AT_A_TIME = threading.Lock()  # a plateau at one user: the load test is over soon


class Link(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer(b"", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with ONE_AT_A_TIME:
            time.sleep(DELAY_S)
        self.answer(body, "text/csv")

    def answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    time.sleep(STARTS_IN_S)
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Link).serve_forever()
