"""Runs a trigger on the fake AWS, as the triggerer does, in a time that passes when somebody sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pydoc import locate
from typing import Any

from sluice.triggers import WorkEnded

from tests.fakes.sagemaker_api import FakeAws

EPOCH_S = 1_700_000_000.0


class PassingTime:
    """Sleeping takes no time, but what is under way comes to its end meanwhile, unless the time `stands_still` there.

    `slept` lists the pauses in seconds.
    """

    def __init__(self, aws: FakeAws, *, stands_still: bool = False) -> None:
        self.slept: list[float] = []
        self._aws = aws
        self._stands_still = stands_still
        self._now = EPOCH_S

    def now(self) -> float:
        return self._now

    def sleep(self, pause_s: float) -> None:
        self.slept.append(pause_s)
        self._now += pause_s
        if not self._stands_still:
            self._aws.settle()

    async def async_sleep(self, pause_s: float) -> None:
        self.sleep(pause_s)


class AsyncClient:
    """The fake's calls as aiobotocore's, with the way in and out that its clients have."""

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing to close."""

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        async def call(**request: Any) -> Any:
            return getattr(self._aws, operation)(**request)

        return call


def as_in_the_triggerer(trigger: WorkEnded, aws: Any, time: PassingTime) -> WorkEnded:
    """The trigger after its way through Airflow's database, on the fake AWS."""
    path, arguments = trigger.serialize()
    trigger_class: Any = locate(path)
    there: WorkEnded = trigger_class(**arguments)

    async def open_client() -> AsyncClient:
        return AsyncClient(aws)

    there.open_client = open_client  # type: ignore[method-assign]
    there.now, there.sleep = time.now, time.async_sleep
    return there


def fire(trigger: WorkEnded, aws: Any, time: PassingTime) -> Any:
    """What the trigger tells its task."""
    there = as_in_the_triggerer(trigger, aws, time)

    async def first_event() -> Any:
        async for event in there.run():
            return event.payload
        raise AssertionError("it fired nothing")

    return asyncio.run(first_event())
