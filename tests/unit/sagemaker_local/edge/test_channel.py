from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvloop

from include.sagemaker_local.edge.channel import Channel, ChannelLost

BOUND_S = 20.0


def run(main: Callable[[], Awaitable[None]]) -> None:
    for factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(main(), BOUND_S))


@contextlib.asynccontextmanager
async def pair(
    receive: Callable[[Any], Awaitable[Any] | None], lost: Callable[[], None] = lambda: None
) -> AsyncIterator[tuple[Channel, Channel]]:
    ours, theirs = socket.socketpair()
    channels = (
        await Channel.open(ours, lambda _: None, lost),
        await Channel.open(theirs, receive, lambda: None),
    )
    yield channels
    for channel in channels:
        channel.close()


def test_messages_come_in_their_order_whatever_their_size() -> None:
    async def main() -> None:
        told: list[Any] = []
        done = asyncio.Event()

        def receive(message: Any) -> None:
            told.append(message)
            if message == "end":
                done.set()

        sent = [b"x" * size for size in (0, 1, 1_000_000, 3)] + ["end"]
        async with pair(receive) as (ours, _):
            for message in sent:
                ours.tell(message)
            await done.wait()
        assert told == sent

    run(main)


def test_what_is_asked_is_answered_whenever_it_is_ready() -> None:
    async def main() -> None:
        first_may_end = asyncio.Event()

        async def answer(question: str) -> str:
            if question == "first":
                await first_may_end.wait()
            return f"to {question}"

        async with pair(answer) as (ours, theirs):
            first = asyncio.create_task(ours.ask("first"))
            assert await ours.ask("second") == "to second"
            assert not first.done()
            first_may_end.set()
            assert await first == "to first"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await ours.ask("given up")
            assert await ours.ask("third") == "to third"
            theirs.close()

    run(main)


def test_when_the_other_end_is_gone_everybody_who_waits_is_told() -> None:
    async def main() -> None:
        lost = asyncio.Event()

        async def never(question: str) -> None:
            await asyncio.Event().wait()

        async with pair(never, lost.set) as (ours, theirs):
            asked = asyncio.create_task(ours.ask("?"))
            await asyncio.sleep(0)
            theirs.close()
            with pytest.raises(ChannelLost):
                await asked
            await lost.wait()
            ours.tell("nobody")
            with pytest.raises(ChannelLost):
                await ours.ask("nobody")

    run(main)


def test_an_end_that_cannot_answer_says_so_by_ending(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async def fail(question: str) -> None:
            raise ValueError(question)

        async with pair(fail) as (ours, _):
            with pytest.raises(ChannelLost):
                await ours.ask("a question without answer")

    run(main)
    assert "a question without answer" in caplog.text
