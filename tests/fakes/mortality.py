"""A process that is killed at one chosen call, before or after the call took effect, and what comes after it.

A worker that dies leaves its task to a new one, which begins from the start with nothing but Airflow's store; a
triggerer that dies leaves its trigger to another, made from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from airflow.sdk import BaseOperator
from sluice.triggers import WorkEnded

from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.task_run import DagRunOnFakeAws
from tests.fakes.triggerer import PassingTime


class Killed(BaseException):
    """`kill -9`: no handler of the program runs."""


class Death:
    """Comes at call number `at` (never when None). `calls` counts all calls, to AWS and to Airflow's store."""

    def __init__(self, at: int | None = None, *, after: bool = False) -> None:
        self.calls = 0
        self._at = at
        self._after = after

    def around(self, call: Callable[[], Any]) -> Any:
        self.calls += 1
        dies = self.calls == self._at
        if dies and not self._after:
            raise Killed
        result = call()
        if dies:
            raise Killed
        return result


class Mortal:
    """Every call on `inner` may be the last one."""

    immortal = frozenset({"settle"})

    def __init__(self, inner: Any, death: Death) -> None:
        self._inner = inner
        self._death = death

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value) or name in self.immortal:
            return value
        if name == "get_paginator":
            return lambda operation: _MortalPages(value(operation), self._death)
        return lambda *given, **named: self._death.around(lambda: value(*given, **named))


class _MortalPages:
    def __init__(self, inner: Any, death: Death) -> None:
        self._inner = inner
        self._death = death

    def paginate(self, **request: Any) -> Iterator[Any]:
        pages: list[Any] = self._death.around(lambda: list(self._inner.paginate(**request)))
        return iter(pages)


class MortalRun(DagRunOnFakeAws):
    """A DAG run in which `death` comes once. With `meanwhile` AWS goes on before the next try begins."""

    def __init__(self, aws: FakeAws, death: Death, *, meanwhile: bool = False) -> None:
        mortal: Any = Mortal(aws, death)
        super().__init__(mortal)
        self.tries = 0
        self._death = death
        self._meanwhile = meanwhile

    def run_to_the_end(self, make: Callable[[], BaseOperator]) -> Any:
        while True:
            self.tries += 1
            try:
                return self.run(make())
            except Killed:
                self.xcoms = {key: value for key, value in self.xcoms.items() if key[0] != make().task_id}
                if self._meanwhile:
                    self.aws.settle()

    def context(self, task_id: str, operator: BaseOperator | None = None) -> Any:
        found = super().context(task_id, operator)
        return {**found, "task_state_store": Mortal(found["task_state_store"], self._death)}

    def wait(self, trigger: WorkEnded, time: PassingTime) -> Any:
        try:
            return super().wait(trigger, time)
        except Killed:
            return super().wait(trigger, time)
