"""When the pieces of a body make their connection wait, go on, or end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from include.sagemaker_local.http1.body_pieces import BodyPieces

Run = Callable[[Coroutine[Any, Any, None]], None]
PIECE = b"x" * 100_000


class FakeSource:
    def __init__(self) -> None:
        self.told: list[str] = []

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def abort(self) -> None:
        self.told.append("abort")


def test_more_than_is_read_makes_the_connection_wait_once_and_reading_most_of_it_lets_it_go_on(run: Run) -> None:
    async def main() -> None:
        source = FakeSource()
        pieces = BodyPieces(source, asyncio.get_running_loop())
        for _ in range(4):
            pieces.feed(PIECE)
        assert source.told == ["pause"]
        assert [await anext(pieces), await anext(pieces)] == [PIECE] * 2
        assert source.told == ["pause"]
        await anext(pieces)
        assert source.told == ["pause", "resume"]

    run(main())


def test_a_connection_whose_answer_is_whole_reads_on_for_the_next_one(run: Run) -> None:
    async def main() -> None:
        source = FakeSource()
        pieces = BodyPieces(source, asyncio.get_running_loop())
        for _ in range(3):
            pieces.feed(PIECE)
        pieces.end()
        assert source.told == ["pause", "resume"]
        assert [piece async for piece in pieces] == [PIECE] * 3
        await pieces.aclose()
        assert source.told == ["pause", "resume"]

    run(main())


def test_what_came_before_an_error_is_read_first_and_closing_ends_the_connection_once(run: Run) -> None:
    async def main() -> None:
        source = FakeSource()
        pieces = BodyPieces(source, asyncio.get_running_loop())
        pieces.feed(b"a")
        pieces.end(ValueError("broken"))
        assert await anext(pieces) == b"a"
        with pytest.raises(ValueError, match="broken"):
            await anext(pieces)
        unread = BodyPieces(source, asyncio.get_running_loop())
        unread.feed(b"a")
        await unread.aclose()
        await unread.aclose()
        unread.end(ValueError("aborted"))
        assert source.told == ["abort"]
        assert [piece async for piece in unread] == []

    run(main())
