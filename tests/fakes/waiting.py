"""Waiting for something to become true, with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

BOUND_S = 10.0


async def until(condition: Callable[[], object], what: str, *, bound_s: float = BOUND_S) -> None:
    """Returns as soon as `condition` holds; fails the test, naming `what`, when it does not within the bound."""
    try:
        async with asyncio.timeout(bound_s):
            while not condition():  # noqa: ASYNC110 - a condition has no event
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {bound_s:g} s: {what}") from None
