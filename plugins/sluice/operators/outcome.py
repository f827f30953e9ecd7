"""What became of the tasks before this one, as Airflow knows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sluice.failure import Failure, from_xcom
from sluice.operators.base import FAILURE_KEY

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context


def result_of(ti: Any, task_id: str) -> Any:
    """A task's result in this run, for templates; None unless the task has succeeded.

    Airflow keeps a result when its task is cleared and this time never comes to run: it is another attempt's.
    """
    states: Mapping[str, object] = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    return ti.xcom_pull(task_ids=task_id) if str(states.get(task_id)) == "success" else None


def failures_before(task: BaseOperator, context: Context) -> tuple[Failure, ...]:
    """The failed tasks upstream of `task` in this run, in topological order."""
    ti = context["ti"]
    upstream = task.get_flat_relative_ids(upstream=True)
    states: Mapping[str, object] = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    dag: Any = task.dag
    ordered = [each.task_id for each in dag.topological_sort() if each.task_id in upstream]
    return tuple(_failure(context, each) for each in ordered if str(states.get(each)) == "failed")


def _failure(context: Context, task_id: str) -> Failure:
    return from_xcom(task_id, context["ti"].xcom_pull(task_ids=task_id, key=FAILURE_KEY))
