"""One client for all who talk to AWS in the same way at the same time.

A client of SageMaker's holds the best part of a megabyte, a TLS context and connections of its own. A triggerer may
have hundreds of waits at once, which differ in nothing but the name that they ask after.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

Manager = AbstractAsyncContextManager[Any]
Open = Callable[[], Awaitable[Manager]]


@dataclass(eq=False)
class _Shared:
    opening: asyncio.Task[tuple[Manager, Any]]
    users: int = 0

    @property
    def failed(self) -> bool:
        """Nobody will get a client from this opening."""
        return self.opening.done() and (self.opening.cancelled() or self.opening.exception() is not None)


class SharedClients:
    """The clients of one event loop. A client is open for as long as somebody uses it."""

    def __init__(self) -> None:
        self._shared: dict[Hashable, _Shared] = {}

    @asynccontextmanager
    async def client(self, key: Hashable, open_client: Open) -> AsyncIterator[Any]:
        """The client of this key, opened by whoever comes first. Raises what opening raised; who asks next tries anew.

        :param key: everything in which clients may differ
        :param open_client: makes the client, as an asynchronous context manager
        """
        shared = self._shared.get(key)
        if shared is None or shared.failed:
            shared = self._shared[key] = _Shared(asyncio.create_task(_opened(open_client)))
        shared.users += 1
        try:
            # Shielded, for whoever gives up must not take the client from those who wait for it as well.
            yield (await asyncio.shield(shared.opening))[1]
        finally:
            shared.users -= 1
            if not shared.users:
                await self._close(key, shared)

    async def _close(self, key: Hashable, shared: _Shared) -> None:
        if self._shared.get(key) is shared:
            del self._shared[key]
        if not shared.opening.done():
            shared.opening.cancel()
        elif not shared.failed:
            await shared.opening.result()[0].__aexit__(None, None, None)


async def _opened(open_client: Open) -> tuple[Manager, Any]:
    manager = await open_client()
    return manager, await manager.__aenter__()
