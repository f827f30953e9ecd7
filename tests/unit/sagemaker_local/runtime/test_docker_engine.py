"""The engine's API over a Unix socket: answers, refusals, and engines that are not there or break off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.docker_engine import DockerEngine, EngineRefused


@contextlib.asynccontextmanager
async def answering(
    directory: Path, *pieces: bytes, hang: bool = False
) -> AsyncIterator[tuple[DockerEngine, list[bytes]]]:
    """An engine that sends `pieces`, whatever it is asked, and then hangs up or hangs."""
    seen: list[bytes] = []
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if hang:
            await over.wait()
        writer.close()

    path = directory / "docker.sock"
    server = await asyncio.start_unix_server(serve, str(path))
    async with server:
        yield DockerEngine(path), seen
        over.set()


def test_an_answer_is_decoded_whether_it_is_chunked_or_not(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with answering(tmp_path, b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n", b'{"a": 1}') as (engine, seen):
            assert await engine.call("GET", "/x", {"q": "a b"}) == {"a": 1}
            assert seen[0].startswith(b"GET /x?q=a+b HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n")
        chunked = b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n4\r\n: 2}\r\n0\r\n\r\n'
        async with answering(tmp_path, chunked[:60], chunked[60:]) as (engine, _):
            assert await engine.call("POST", "/x", body={}) == {"a": 2}
        async with answering(tmp_path, b"HTTP/1.1 204 No Content\r\n\r\n", hang=True) as (engine, _):
            assert await engine.call("POST", "/x") is None
        async with answering(tmp_path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK") as (engine, _):
            assert await engine.call("GET", "/_ping") == "OK"

    asyncio.run(scenario())


def test_a_refusal_carries_status_and_message(tmp_path: Path) -> None:
    body = b'{"message": "No such image: x"}'
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def scenario() -> None:
        async with answering(tmp_path, head + body, hang=True) as (engine, _):
            with pytest.raises(EngineRefused) as refused:
                await engine.call("GET", "/images/x/json")
        assert (refused.value.status, refused.value.message) == (404, "No such image: x")

    asyncio.run(scenario())


def test_a_stream_comes_as_it_is_sent(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def scenario() -> None:
        async with (
            answering(tmp_path, head, b"3\r\none\r\n", hang=True) as (engine, _),
            asyncio.timeout(10),
            engine.stream("/logs", {"follow": "1"}) as pieces,
        ):
            assert await anext(pieces) == b"one"  # though the answer has not ended

    asyncio.run(scenario())


CUT = {
    "before it answered": b"",
    "in the middle of its answer": b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{",
    "is not a Docker engine": b"SSH-2.0-OpenSSH_9.2\r\n",
}


@pytest.mark.parametrize("text", CUT)
def test_an_answer_that_is_none(text: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with answering(tmp_path, CUT[text]) as (engine, _):
            with pytest.raises(HostError, match=text):
                await engine.call("GET", "/x")

    asyncio.run(scenario())


def test_nobody_there_and_nobody_in_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(HostError, match=r"no Docker engine answers at .*docker\.sock: "):
            await DockerEngine(tmp_path / "docker.sock").call("GET", "/x")
        async with answering(tmp_path, hang=True) as (engine, _):
            with pytest.raises(HostError, match=r"did not answer within 0\.05 s"):
                await engine.call("GET", "/x", timeout_s=0.05)

    asyncio.run(scenario())
