"""Reads the responses of one connection, whatever pieces they come in, and keeps of them only what is measured.

httptools reads; this counts what came, so that a body of megabytes costs no memory and a second response that nobody
asked for does not pass for the answer to the next request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httptools

from include.sagemaker_local.http1.errors import ProtocolError
from include.sagemaker_local.load.answers import CONTAINER_LATENCY_HEADER

# Enough of a body for a person to recognise an error by, however many bytes its characters have.
_KEPT_BODY_BYTES = 1200

# What announces where a body ends.
_LENGTHS = frozenset((b"content-length", b"transfer-encoding"))


@dataclass(frozen=True, slots=True)
class Reading:
    """A response that is whole. `body_start` is not all of a long body; `body_bytes` is how long it was.

    `reusable` says whether the connection is fit for another request. `plain` is one whose Content-Length alone says
    where it ends, so that another one with the same head means the same.
    """

    status: int
    container_latency: bytes | None
    body_start: bytes
    body_bytes: int
    reusable: bool
    plain: bool


class ResponseReader:
    """One response after the other: `feed` what came until it gives a Reading."""

    __slots__ = ("_body_bytes", "_container_latency", "_head_done", "_lengths", "_parser", "_pieces", "_reading")

    def __init__(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._lengths: list[bytes]
        self._container_latency: bytes | None
        self._pieces: list[bytes]
        self._reading: Reading | None
        self._begin()

    def feed(self, data: bytes) -> Reading | None:
        """The response, once it is whole. Raises ProtocolError for what is not HTTP/1.x.

        What follows on a response, in the same piece, makes it not reusable.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise  # a fault of ours, not of the peer
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self._reading is None:
                raise ProtocolError(f"answered with something that is not HTTP/1.1: {error}") from error
            self._spoil()
        reading = self._reading
        if reading is not None:
            self._begin()
        return reading

    def end(self) -> Reading | None:
        """The peer sends no more: that ends a body without a length (RFC 9112, 6.3). None: the response broke off."""
        if self._head_done and not self._lengths and self._reading is None:
            self._finish(reusable=False)
        return self._reading

    # -- httptools' callbacks

    def on_message_begin(self) -> None:
        """Httptools: the first byte of a response."""
        if self._reading is not None:
            self._spoil()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools: one header, or a trailer, which is nothing to us."""
        if self._head_done:
            return
        lower = name.lower()
        if lower in _LENGTHS:
            self._lengths.append(lower)
        elif lower == CONTAINER_LATENCY_HEADER:
            self._container_latency = value.rstrip()

    def on_headers_complete(self) -> None:
        """Httptools: the head is whole."""
        self._head_done = True

    def on_body(self, piece: bytes) -> None:
        """Httptools: a part of the body."""
        if self._reading is not None:
            return
        if self._body_bytes < _KEPT_BODY_BYTES:
            self._pieces.append(piece[: _KEPT_BODY_BYTES - self._body_bytes])
        self._body_bytes += len(piece)

    def on_message_complete(self) -> None:
        """Httptools: the response is whole; one below 200 only announces the real one."""
        if self._reading is not None:
            return
        if self._parser.get_status_code() < 200:
            self._begin()
        else:
            self._finish(reusable=self._parser.should_keep_alive())

    # -- the work

    def _begin(self) -> None:
        self._head_done = False
        self._lengths = []
        self._container_latency = None
        self._pieces = []
        self._body_bytes = 0
        self._reading = None

    def _finish(self, *, reusable: bool) -> None:
        plain = reusable and self._lengths == [b"content-length"]
        status, start = self._parser.get_status_code(), b"".join(self._pieces)
        self._reading = Reading(status, self._container_latency, start, self._body_bytes, reusable, plain)

    def _spoil(self) -> None:
        """More came than was asked for."""
        whole = self._reading
        if whole is not None:
            self._reading = Reading(
                whole.status, whole.container_latency, whole.body_start, whole.body_bytes, reusable=False, plain=False
            )
