"""Counts the requests that each instance is answering, so that one is stopped only when it has answered them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol


class Drain(Protocol):
    """Whoever knows of requests under way, wherever they are answered."""

    async def drained(self, instance_ids: Iterable[str], timeout_s: float) -> bool:
        """Waits until all who route requests follow every route put before, and nothing is under way on the instances.

        At most `timeout_s`; says whether that was so.
        """


class Traffic:
    """Requests under way in this process, by instance id. Belongs to one event loop."""

    def __init__(self) -> None:
        self.under_way: dict[str, int] = {}
        """How many by instance; one without requests is not in it."""
        self._idle: dict[str, asyncio.Event] = {}

    def enter(self, instance_id: str) -> None:
        """A request goes out to an instance. Called in the same step in which the route was looked up."""
        self.under_way[instance_id] = self.under_way.get(instance_id, 0) + 1

    def leave(self, instance_id: str) -> None:
        """The request was answered."""
        left = self.under_way[instance_id] - 1
        if left:
            self.under_way[instance_id] = left
            return
        del self.under_way[instance_id]
        if instance_id in self._idle:
            self._idle.pop(instance_id).set()

    async def drained(self, instance_ids: Iterable[str], timeout_s: float) -> bool:
        """As `Drain` says, for this process: its routes are followed as soon as they are put."""
        busy = [each for each in instance_ids if each in self.under_way]
        try:
            async with asyncio.timeout(timeout_s):
                for each in busy:
                    while each in self.under_way:
                        await self._idle.setdefault(each, asyncio.Event()).wait()
        except TimeoutError:
            return False
        return True
