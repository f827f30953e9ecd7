"""One container of a fleet, given up at any moment of its start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.runtime.contract import Placement
from include.sagemaker_local.supervisor.fleet import plan_fleet
from tests.fakes.log_sink import RememberedLogs
from tests.fakes.runtime import FakeRuntime
from tests.fakes.supervised import REGION, plan


@pytest.mark.parametrize("later", range(6))  # in turns of the event loop after the runtime has started it
def test_a_start_that_is_given_up_never_loses_its_process(tmp_path: Path, later: int) -> None:
    async def main() -> None:
        runtime = FakeRuntime()
        (member,) = plan_fleet(REGION, "e", plan("c", "a"), tmp_path, RememberedLogs()).members()
        starting = asyncio.create_task(member.start(runtime))
        while not runtime.started:  # noqa: ASYNC110 - every single turn of the loop counts here
            await asyncio.sleep(0)
        for _ in range(later):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await member.stop(0)
        assert runtime.running == []

    asyncio.run(asyncio.wait_for(main(), 10))


class SlowlyPrepared(FakeRuntime):
    """Prepares for ever, as pip does where no index answers."""

    def __init__(self) -> None:
        super().__init__()
        self.preparing = asyncio.Event()

    async def prepare(self, container: Container, placement: Placement) -> None:
        self.preparing.set()
        await asyncio.Event().wait()


def test_what_takes_long_is_given_up_at_once_and_nothing_is_started(tmp_path: Path) -> None:
    async def main() -> None:
        runtime = SlowlyPrepared()
        (member,) = plan_fleet(REGION, "e", plan("c", "a"), tmp_path, RememberedLogs()).members()
        starting = asyncio.create_task(member.start(runtime))
        await runtime.preparing.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert runtime.started == []

    asyncio.run(asyncio.wait_for(main(), 10))
