"""The two messages that everything here speaks, and the shape of what answers one with the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]
"""Name and value pairs in wire order. Names are lower case; values have no surrounding white space."""


class Request:
    """One request, whole. `target` is the raw path with its query string."""

    __slots__ = ("body", "headers", "method", "target")

    def __init__(self, method: bytes, target: bytes, headers: Headers, body: bytes = b"") -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body

    def header(self, name: bytes) -> bytes | None:
        """The first value of the header `name` (lower case), or None."""
        return _first(self.headers, name)


class Response:
    """One response, whole. Content-Length and Connection are the protocol's business, not the caller's."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Headers | None = None, body: bytes = b"") -> None:
        self.status = status
        self.headers: Headers = headers if headers is not None else []
        self.body = body

    def header(self, name: bytes) -> bytes | None:
        """The first value of the header `name` (lower case), or None."""
        return _first(self.headers, name)


class Pieces(Protocol):
    """A body as it comes, in pieces that are not empty; an async generator of bytes is one."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Asked once."""

    async def __anext__(self) -> bytes:
        """The next piece. Raises StopAsyncIteration at the end, anything else when there will be no end."""

    async def aclose(self) -> None:
        """Nobody wants the rest. May be called at any time, also after the end."""


class StreamedResponse(Response):
    """A response whose body comes in pieces; `body` is empty.

    `length` (bytes) becomes its Content-Length; None sends chunks. Who gets one reads `pieces` to its end or closes it.
    """

    __slots__ = ("length", "pieces")

    def __init__(self, status: int, headers: Headers | None, pieces: Pieces, length: int | None = None) -> None:
        super().__init__(status, headers)
        self.pieces = pieces
        self.length = length


Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


def _first(headers: Headers, name: bytes) -> bytes | None:
    for key, value in headers:
        if key == name:
            return value
    return None
