from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sluice.waiting.shared_clients import SharedClients


class Opened:
    """Makes clients that are only a number, and remembers which are open."""

    def __init__(self) -> None:
        self.made = 0
        self.open: set[int] = set()
        self.refusals: list[Exception] = []
        self.may_open = asyncio.Event()
        self.may_open.set()

    async def __call__(self) -> AbstractAsyncContextManager[int]:
        await self.may_open.wait()
        if self.refusals:
            raise self.refusals.pop()
        return self._client()

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[int]:
        self.made += 1
        number = self.made
        self.open.add(number)
        yield number
        self.open.discard(number)


def given() -> tuple[Opened, SharedClients]:
    opened = Opened()
    return opened, SharedClients()


def test_who_asks_in_the_same_way_shares_and_the_last_one_closes() -> None:
    async def case() -> None:
        opened, clients = given()
        async with clients.client("here", opened) as first:
            async with clients.client("here", opened) as second, clients.client("there", opened) as other:
                assert (first, second, other) == (1, 1, 2)
            assert opened.open == {1}
        assert opened.open == set()
        async with clients.client("here", opened) as later:
            assert (later, opened.open) == (3, {3})

    asyncio.run(case())


def test_a_hundred_who_come_at_once_wait_for_one_opening_and_one_who_leaves_takes_it_from_nobody() -> None:
    async def case() -> None:
        opened, clients = given()
        opened.may_open.clear()
        leave = asyncio.Event()

        async def use() -> int:
            async with clients.client("here", opened) as client:
                await leave.wait()
                return int(client)

        tasks = [asyncio.create_task(use()) for _ in range(100)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        opened.may_open.set()
        leave.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError) and set(results[1:]) == {1}
        assert (opened.made, opened.open) == (1, set())

    asyncio.run(case())


def test_when_all_have_left_before_it_was_open_nothing_stays_open() -> None:
    async def case() -> None:
        opened, clients = given()
        opened.may_open.clear()
        task = asyncio.create_task(clients.client("here", opened).__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        opened.may_open.set()
        async with clients.client("here", opened) as client:
            assert (client, opened.open) == (1, {1})

    asyncio.run(case())


def test_a_failure_to_open_is_told_to_all_who_waited_for_it_and_not_kept() -> None:
    async def case() -> None:
        opened, clients = given()
        opened.refusals.append(LookupError("no such connection"))
        waiting = [clients.client("here", opened).__aenter__() for _ in range(2)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(result) for result in results] == ["no such connection"] * 2
        async with clients.client("here", opened) as client:
            assert client == 1

    asyncio.run(case())
