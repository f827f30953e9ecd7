"""What Airflow's REST API tells about one run: its tasks, their results and the reasons of those that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice.errors import SpecError
from sluice.fields.typed import build

RESULT, FAILURE = "return_value", "failure"
NOT_MAPPED = -1
"""Airflow's map_index of a task that exists once."""
DECIDED = ("approve", "compare", "judge")
"""The tasks whose result holds an evidence document, the last word first: a person's, the comparison's, the gate's."""


@dataclass(frozen=True)
class TaskFacts:
    """One task of the run. `state` is Airflow's word, None before it was scheduled."""

    task_id: str
    map_index: int
    state: str | None

    @property
    def label(self) -> str:
        """As Airflow shows it: mapped tasks by their number."""
        return self.task_id if self.map_index == NOT_MAPPED else f"{self.task_id} [{self.map_index}]"


@dataclass(frozen=True)
class Entry:
    """One XCom; `value` is JSON text."""

    task_id: str
    map_index: int
    key: str
    value: str

    @property
    def members(self) -> Mapping[str, Any]:
        """What stands in it; empty for what is no JSON object, and so none of Sluice's."""
        try:
            value = json.loads(self.value)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Failure:
    """A task that failed: the class of its error and its text, which may go on for many lines."""

    task: str
    error: str
    message: str


@dataclass(frozen=True)
class RunFacts:
    """One run, its tasks in the order in which they began."""

    dag_id: str
    run_id: str
    state: str
    tasks: tuple[TaskFacts, ...]
    entries: tuple[Entry, ...]

    def result(self, task_id: str, map_index: int = NOT_MAPPED) -> Mapping[str, Any]:
        """A task's result; empty when there is none."""
        return next((each.members for each in self._of(RESULT, task_id) if each.map_index == map_index), {})

    def failures(self) -> Iterator[Failure]:
        """The tasks that stand as failed now, and what they said: one that was cleared may have succeeded since."""
        for task in self.tasks:
            if task.state != "failed":
                continue
            told = next((e.members for e in self._of(FAILURE, task.task_id) if e.map_index == task.map_index), {})
            yield Failure(
                task.label,
                str(told.get("error", "")),
                str(told.get("message", "It left no message; its log says more.")),
            )

    def evidence(self) -> Iterator[Mapping[str, Any]]:
        """The evidence documents, one for each candidate that was judged."""
        indexes = sorted({each.map_index for each in self.entries})
        for index in indexes:
            found = (self.result(task_id, index).get("evidence") for task_id in self._deciding)
            document = next((each for each in found if isinstance(each, dict)), None)
            if document is not None:
                yield document

    def waiting(self) -> Iterator[TaskFacts]:
        """The tasks that wait for AWS, or for a person."""
        return (each for each in self.tasks if each.state in ("deferred", "awaiting_input", "up_for_retry"))

    @property
    def _deciding(self) -> list[str]:
        """Those that left something, in whatever task group they are."""
        ids = dict.fromkeys(each.task_id for each in self.entries)
        return [task_id for name in DECIDED for task_id in ids if task_id.rsplit(".", 1)[-1] == name]

    def _of(self, key: str, task_id: str) -> Iterator[Entry]:
        return (each for each in self.entries if each.key == key and each.task_id == task_id)


def read_facts(body: bytes) -> RunFacts:
    """The facts as the page posts them, a JSON object of RunFacts. Raises SpecError, with the path, for all else."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SpecError("", f"is not JSON: {error}") from error
    return build(RunFacts, told)
