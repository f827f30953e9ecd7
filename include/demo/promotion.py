"""Run one promotion in a process of its own and show how its tasks go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from include.demo.console import DONE, FAILED, NOT_NEEDED, Console, Doing, nothing_to_add
from include.demo.paths import PROJECT

MARKS = {"success": DONE, "skipped": NOT_NEEDED, "failed": FAILED}


@dataclass(frozen=True, slots=True)
class DagRunOutcome:
    """How a DAG run ended: its state and that of each task, and the errors of those that failed."""

    succeeded: bool
    states: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Where a run's progress is shown, and what can be told of a task while it runs."""

    console: Console
    doing: Mapping[str, Doing]


def run_dag(
    dag_id: str, conf: Mapping[str, Any], environment: Mapping[str, str], log: Path, onlooker: Onlooker
) -> DagRunOutcome:
    """Runs `dag_id` with Airflow's task runner; its log goes to `log`, its progress to `onlooker`."""
    with _process(dag_id, conf, environment, log) as (process, progress):
        states, errors = _follow(progress, onlooker)
    return DagRunOutcome(process.returncode == 0, states, errors)


@contextmanager
def _process(
    dag_id: str, conf: Mapping[str, Any], environment: Mapping[str, str], log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], TextIO]]:
    """The child that runs the DAG, and the pipe on which it tells its progress. Killed when the block fails."""
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "include.demo.run_dag", dag_id, json.dumps(conf), str(writer)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=dict(environment), stdout=output, stderr=subprocess.STDOUT, pass_fds=(writer,)
        )
    os.close(writer)
    try:
        with os.fdopen(reader) as progress:
            yield process, progress
        process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _follow(progress: TextIO, onlooker: Onlooker) -> tuple[dict[str, str], dict[str, str]]:
    """Shows one step a task. Returns the final states of all tasks and the errors of those that failed."""
    states: dict[str, str] = {}
    errors: dict[str, str] = {}
    changes = map(json.loads, progress)
    for change in changes:
        if "states" in change:
            states = change["states"]
        elif change["state"] == "running" and (error := _show(change["task"], changes, onlooker)) is not None:
            errors[change["task"]] = error
    return states, errors


def _show(task: str, changes: Iterator[dict[str, Any]], onlooker: Onlooker) -> str | None:
    """One step on the console, until the task has ended; a task that waits in the triggerer runs twice."""
    with onlooker.console.step(task, onlooker.doing.get(task, nothing_to_add)) as step:
        for change in changes:
            if change.get("task") == task and change["state"] != "running":
                step.mark = MARKS[change["state"]]
                error: str | None = change.get("error")
                return error
    return None
