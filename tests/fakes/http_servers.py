"""A server to talk to byte by byte, and what it takes to read its answers without the code under test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.http1.server import HttpServer, start_server

LIMIT = 1000


async def echo(request: Request) -> Response:
    return Response(200, [(b"x-seen", request.method + b" " + request.target)], request.body)


@contextlib.asynccontextmanager
async def server(handler: Handler = echo, *, max_body_bytes: int = LIMIT) -> AsyncIterator[HttpServer]:
    started = await start_server(handler, max_body_bytes=max_body_bytes)
    try:
        yield started
    finally:
        await started.close(0)


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def exchange(port: int, sent: bytes) -> bytes:
    """Send, and read until the server closes."""
    async with connected(port) as (reader, writer):
        writer.write(sent)
        return await reader.read()
