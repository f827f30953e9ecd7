"""Bytes to requests: collects what httptools reports until a request is whole, and watches the limits. No I/O."""

from __future__ import annotations

from typing import Any, Protocol

import httptools

from include.sagemaker_local.http1.messages import Headers, Request

# nginx takes at most 32 KiB of request head by default; AWS presigned URLs and session tokens stay below half of that.
MAX_HEAD_BYTES = 64 * 1024

# Request headers that the protocol itself acts on.
_NOTABLE = frozenset((b"connection", b"content-length", b"expect", b"upgrade"))


class RequestSink(Protocol):
    """Who is told what has arrived. A refusal is the last thing that a reader reports."""

    def arrived(self, request: Request, connection: bytes | None) -> None:
        """A whole request; `connection` is the Connection header its response needs. After `close` there is no more."""

    def refused(self, status: int, text: str) -> None:
        """What came is not a request, or too large: `status` and one line of `text` say why."""

    def body_awaited(self) -> None:
        """A head has come whose sender waits for 100 Continue before it sends the body."""


class RequestReader:
    """Parses the bytes of one connection."""

    def __init__(self, sink: RequestSink, max_body_bytes: int) -> None:
        self.finished = False  # nothing more is read: the client said `close`, or was refused
        self.receiving = False  # a request has begun and is not whole
        self.knows_chunks = True  # no request of HTTP/1.0 has come
        self._sink = sink
        self._max_body_bytes = max_body_bytes
        self._parser: Any = httptools.HttpRequestParser(self)
        self._head_open = False
        self._head_bytes = 0
        self._forget()

    def feed(self, data: bytes) -> None:
        """Take bytes as they came. Calls the sink, any number of times, before it returns."""
        head_was_open = self._head_open
        rest = data
        while rest and not self.finished:
            rest = self._parse(rest)
        if head_was_open and self._head_open:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431, f"request head too large: more than {MAX_HEAD_BYTES} bytes")

    # -- httptools' callbacks

    def on_message_begin(self) -> None:
        """Httptools: the first byte of a request."""
        self.receiving = self._head_open = True

    def on_url(self, piece: bytes) -> None:
        """Httptools: the target, or a part of it."""
        self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools: one header; after the head, one trailer, which nobody here wants."""
        if not self._head_open:
            return
        name = name.lower()
        value = value.rstrip()
        self._headers.append((name, value))
        if name in _NOTABLE:
            self._note(name, value)

    def on_headers_complete(self) -> None:
        """Httptools: the head is whole."""
        self._head_open = False
        self._head_bytes = 0
        if self._announced > self._max_body_bytes:
            self._refuse_body()
        elif self._upgrade_offered and self._body_would_be_lost():
            self._refuse(400, "bad request: a body together with an offer of another protocol; send no Upgrade header")
        elif self._expects_continue and not self.finished:
            self._sink.body_awaited()

    def on_body(self, piece: bytes) -> None:
        """Httptools: a part of the body."""
        self._received += len(piece)
        if self._received > self._max_body_bytes:
            self._refuse_body()
        elif not self.finished:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Httptools: the request is whole."""
        if self.finished:
            return
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        request = Request(self._parser.get_method(), self._target, self._headers, body)
        connection = self._connection
        if not self._parser.should_keep_alive():
            self.finished, connection = True, b"close"
        if connection is not None and self._parser.get_http_version() == "1.0":  # without the header, 1.0 is `close`
            self.knows_chunks = False
        self._forget()
        self._sink.arrived(request, connection)

    # -- the work

    def _forget(self) -> None:
        self.receiving = False
        self._target = b""
        self._headers: Headers = []
        self._pieces: list[bytes] = []
        self._received = 0
        self._announced = 0
        self._connection: bytes | None = None
        self._expects_continue = False
        self._upgrade_offered = False

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            self._announced = int(value) if value.isdigit() else 0  # the parser refuses what is not a number
        elif name == b"expect":
            self._expects_continue = value.lower() == b"100-continue"
        elif name == b"upgrade":
            self._upgrade_offered = True
        elif value.lower() == b"keep-alive":
            # HTTP/1.0 clients ask for it and wait for the word; to others it says nothing new.
            self._connection = b"keep-alive"

    def _body_would_be_lost(self) -> bool:
        """Httptools ends a request with the head that offers another protocol; a body would be taken for a request."""
        chunked = any(name == b"transfer-encoding" for name, _ in self._headers)
        return self._parser.should_upgrade() and (self._announced > 0 or chunked)

    def _refuse_body(self) -> None:
        self._refuse(413, f"request body too large: at most {self._max_body_bytes} bytes are taken")

    def _refuse(self, status: int, text: str) -> None:
        if self.finished:
            return
        self.finished, self._head_open = True, False
        self._forget()
        self._sink.refused(status, text)

    def _parse(self, data: bytes) -> bytes:
        """Parse; returns what is left when the client offered another protocol: it is declined (RFC 9110, 7.8)."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise  # a fault of ours, not of the client: asyncio logs it and closes the connection
        except httptools.HttpParserUpgrade as upgrade:
            self._parser = httptools.HttpRequestParser(self)
            return data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self._refuse(400, "bad request: this is not HTTP/1.1")
        return b""
