"""The Docker engine's HTTP API over its Unix socket: one connection a call, answers as JSON or as a stream.

The paths carry no API version, which the engine takes for the newest that it speaks: a fixed one would be refused by
engines that are too old for it and, since version 29, by engines that are too new.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httptools

from include.sagemaker_local.errors import HostError

# Making a network or starting a container takes tenths of a second; a busy disk some seconds more.
_CALL_TIMEOUT_S = 60.0
_READ_BYTES = 64 * 1024


class EngineRefused(HostError):
    """The engine answered with an error: `status` is that of HTTP, `message` what it says is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the Docker engine refused: {message} (status {status})")
        self.status = status
        self.message = message


class DockerEngine:
    """Calls the engine that listens on `socket`. Holds no connection between calls."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        *,
        timeout_s: float = _CALL_TIMEOUT_S,
    ) -> Any:
        """The decoded answer, None when it is empty. `body` is sent as JSON; bytes are sent as a tar archive.

        Raises EngineRefused for a status of 300 or more, and HostError when no engine answers in time.
        """
        try:
            async with asyncio.timeout(timeout_s), self._opened(method, path, query, body) as answer:
                content = b"".join([piece async for piece in answer])
        except TimeoutError:
            raise HostError(f"the Docker engine at {self.socket} did not answer within {timeout_s:g} s") from None
        return _decoded(content)

    @asynccontextmanager
    async def stream(self, path: str, query: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of an answer as they come, without a time limit. Raises as `call` does."""
        async with self._opened("GET", path, query, None) as answer:
            yield answer

    @asynccontextmanager
    async def _opened(
        self, method: str, path: str, query: Mapping[str, Any] | None, body: object
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        reader, writer = await self._connect()
        try:
            writer.write(_rendered(method, path, query, body))
            await writer.drain()
            answer = _Answer()
            pieces = self._pieces(reader, answer)
            head = await anext(pieces, b"")  # whatever it is, the status is known now
            if answer.status >= 300:  # a redirect answers a path that is none, such as an image named "../x"
                content = head + b"".join([piece async for piece in pieces])
                raise EngineRefused(answer.status, _message(content))
            yield _after(head, pieces)
        except OSError as error:
            raise self._unreachable(error) from error
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(str(self.socket))
        except OSError as error:
            raise self._unreachable(error) from error

    async def _pieces(self, reader: asyncio.StreamReader, answer: _Answer) -> AsyncIterator[bytes]:
        """The pieces of the body; the first is empty and tells that the head is whole."""
        told = False
        while not answer.done:
            data = await reader.read(_READ_BYTES)
            if not data:
                break
            try:
                answer.parser.feed_data(data)
            except httptools.HttpParserError as error:
                raise HostError(f"what answers at {self.socket} is not a Docker engine: {error}") from error
            if answer.status and not told:
                told = True
                yield b""
            if piece := answer.take():
                yield piece
        if not told:
            raise HostError(f"the Docker engine at {self.socket} closed the connection before it answered")
        if not answer.done and answer.announced:
            raise HostError(f"the Docker engine at {self.socket} closed the connection in the middle of its answer")

    def _unreachable(self, error: OSError) -> HostError:
        return HostError(f"no Docker engine answers at {self.socket}: {error.strerror or error}")


class _Answer:
    """What httptools has read of a response so far."""

    def __init__(self) -> None:
        self.parser: Any = httptools.HttpResponseParser(self)
        self.status = 0
        self.done = False
        self.announced = False  # the end of its body is marked, so an end before that is a broken connection
        self._body: list[bytes] = []

    def take(self) -> bytes:
        """The part of the body that came since the last call."""
        body, self._body = self._body, []
        return b"".join(body)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools: one header."""
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self.announced = True

    def on_headers_complete(self) -> None:
        """Httptools: the head is whole."""
        self.status = self.parser.get_status_code()

    def on_body(self, piece: bytes) -> None:
        """Httptools: a part of the body."""
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """Httptools: the response is whole."""
        self.done = True


def _rendered(method: str, path: str, query: Mapping[str, Any] | None, body: object) -> bytes:
    target = f"{path}?{urlencode(query, doseq=True)}" if query else path
    kind, content = "application/json", b""
    if isinstance(body, bytes):
        kind, content = "application/x-tar", body
    elif body is not None:
        content = json.dumps(body).encode()
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _after(head: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if head:
        yield head
    async for piece in pieces:
        yield piece


def _decoded(content: bytes) -> Any:
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")  # /_ping answers "OK", and some calls a line for each step


def _message(content: bytes) -> str:
    decoded = _decoded(content)
    return str(decoded.get("message", decoded) if isinstance(decoded, dict) else decoded).strip()
