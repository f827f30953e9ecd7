"""The timer against the real clock: it rings once, in order, and not before its time."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from include.sagemaker_local.load.precise_timer import PreciseTimer

MS = 1_000_000


@pytest.fixture(params=["kernel", "loop"])
def platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "loop":
        monkeypatch.setattr(sys, "platform", "darwin")


def test_it_rings_once_and_never_too_early(platform: None) -> None:
    async def scenario() -> None:
        rang: asyncio.Queue[int] = asyncio.Queue()
        timer = PreciseTimer(asyncio.get_running_loop(), lambda: rang.put_nowait(time.perf_counter_ns()))
        for after_ms in (3, 0, -5):
            at_ns = time.perf_counter_ns() + after_ms * MS
            timer.set(at_ns + 500 * MS)
            timer.set(at_ns)  # the earlier setting is forgotten
            # The event loop's own timers may be early by what its clock is coarse.
            assert await asyncio.wait_for(rang.get(), 5) >= at_ns - MS
        timer.close()
        assert rang.empty()

    asyncio.run(scenario())


def test_a_closed_one_is_silent(platform: None) -> None:
    async def scenario() -> None:
        rang = asyncio.Event()
        timer = PreciseTimer(asyncio.get_running_loop(), rang.set)
        timer.set(time.perf_counter_ns() + MS)
        timer.close()
        other = asyncio.Event()
        PreciseTimer(asyncio.get_running_loop(), other.set).set(time.perf_counter_ns() + 5 * MS)
        await asyncio.wait_for(other.wait(), 5)
        assert not rang.is_set()

    asyncio.run(scenario())
