"""The road between Airflow and the local SageMaker: every call is seen before it arrives and after it was answered.

A reverse proxy that changes nothing; a call that AWS would not take just now it answers itself. What strikes needs it
twice over: it knows the very call at which to kill, and, by the connection, the process that made it.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tests.chaos.plan import Moment
from tests.chaos.throttle import Answer

TIMEOUT_S = 120.0  # InvokeEndpoint takes 60 s at most
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True)
class Call:
    """One request: what is asked of whom, all of it as text, and the client's port."""

    operation: str
    about: str
    """Path and body, in which the names stand."""
    port: int


Watcher = Callable[[Call, Moment], bool]
"""Told of each call twice. It may take its time; the connection is cut when its answer is False."""
Refuser = Callable[[Call], Answer | None]
"""Asked about each call before anybody else hears of it: the answer of one that is refused."""


class Turnpike(ThreadingHTTPServer):
    """Listens on a free port and passes on to `upstream`, which may change when the server was started anew."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: str, watcher: Watcher, refuser: Refuser) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.upstream = upstream
        self.watcher = watcher
        self.refuser = refuser

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed, or a server: that is what this is for."""


@contextmanager
def turnpike(upstream: str, watcher: Watcher, refuser: Refuser) -> Iterator[Turnpike]:
    """Open to traffic until the block ends."""
    gate = Turnpike(upstream, watcher, refuser)
    thread = threading.Thread(target=gate.serve_forever, name="turnpike")
    thread.start()
    try:
        yield gate
    finally:
        gate.shutdown()
        gate.server_close()
        thread.join()


class _Passage(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    server: Turnpike

    def _pass_on(self) -> None:
        if self.headers.get("Transfer-Encoding"):
            self.send_error(501, "no client of the suite sends chunks, so nothing here reads them")
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(self._operation(), f"{self.path} {body.decode(errors='replace')}", self.client_address[1])
        if refusal := self.server.refuser(call):
            self._answer(*refusal)
            return
        answered = self._ask(body) if self.server.watcher(call, Moment.BEFORE) else None
        if answered is None or not self.server.watcher(call, Moment.AFTER):
            self.close_connection = True
            return
        self._answer(*answered)

    def _answer(self, status: int, headers: list[tuple[str, str]], answer: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        told = next((value for name, value in headers if name.lower() == "content-length"), "0")
        self.send_header("Content-Length", told if self.command == "HEAD" else str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _pass_on

    def _ask(self, body: bytes) -> Answer | None:
        """The answer, or None when nobody is there."""
        upstream = urlsplit(self.server.upstream)
        connection = http.client.HTTPConnection(upstream.netloc, timeout=TIMEOUT_S)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in {"connection", "expect"}:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _operation(self) -> str:
        """The operation's name: of SageMaker's header, of the runtime's path, or of what S3 does with a key."""
        target = self.headers.get("X-Amz-Target")
        if target:
            return target.rpartition(".")[2]
        if self.path.startswith("/endpoints/"):
            return "InvokeEndpoint"
        return {"GET": "GetObject", "PUT": "PutObject"}.get(self.command, self.command)

    def log_message(self, format: str, *arguments: object) -> None:
        """The server's own log says what was asked."""
