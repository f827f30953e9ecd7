"""What became of the tasks before this one, as Airflow knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sluice.evidence.failure import Failure, from_xcom
from sluice.operators.base import FAILURE_KEY

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context


def result_of(ti: Any, task_id: str) -> Any:
    """A task's result in this run, for templates; None unless the task has succeeded.

    Airflow keeps a result when its task is cleared and this time never comes to run: it is another attempt's.
    """
    return ti.xcom_pull(task_ids=task_id) if states_in_run(ti).get(task_id) == "success" else None


def states_in_run(ti: Any) -> Mapping[str, str]:
    """The state of every task of this run; `<task id>_<map index>` where one was made for each of several items."""
    states: Mapping[str, object] = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    return {name: str(state) for name, state in states.items()}


def failures_before(task: BaseOperator, context: Context, despite: str | None = None) -> tuple[Failure, ...]:
    """The failed tasks upstream of `task` in this run, in topological order.

    Not those upstream of the task `despite`, if that has succeeded: it has answered for what failed before it.
    """
    ti, dag = context["ti"], cast(Any, task.dag)
    states = states_in_run(ti)
    upstream = task.get_flat_relative_ids(upstream=True)
    if despite is not None and states.get(despite) == "success":
        upstream = upstream - dag.get_task(despite).get_flat_relative_ids(upstream=True)
    ordered = [each.task_id for each in dag.topological_sort() if each.task_id in upstream]
    return tuple(failure for each in ordered for failure in failures_of(ti, states, each))


def failures_of(ti: Any, states: Mapping[str, str], task_id: str) -> list[Failure]:
    """What a task has failed of itself: in one place, or for each item that it was made for."""
    found = [_failure(ti, task_id, None)] if states.get(task_id) == "failed" else []
    of_items = (re.fullmatch(rf"{re.escape(task_id)}_(\d+)", name) for name in states if states[name] == "failed")
    return [*found, *(_failure(ti, task_id, int(item[1])) for item in of_items if item)]


def _failure(ti: Any, task_id: str, map_index: int | None) -> Failure:
    told = ti.xcom_pull(task_ids=task_id, key=FAILURE_KEY, map_indexes=map_index)
    return from_xcom(task_id if map_index is None else f"{task_id}[{map_index}]", told)
