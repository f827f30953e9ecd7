"""Waiting for work that must come to its end, whoever loses patience."""

from __future__ import annotations

import asyncio
from typing import Any


async def outlast(work: asyncio.Task[Any]) -> bool:
    """Return when `work` is done, however it ended; True when this was cancelled meanwhile, as often as it may be.

    The work is not cancelled and its error not raised: both are for the caller to look at.
    """
    cancelled = False
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            cancelled = True
    return cancelled
