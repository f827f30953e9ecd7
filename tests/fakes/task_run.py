"""Runs operators on the fake AWS as the task runner does: XComs, task states, waits that end when time passes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped, TaskAwaitingInput, TaskDeferred
from airflow.sdk.execution_time.comms import AssetEventDagRunReferenceResult
from airflow.sdk.execution_time.context import OutletEventAccessors, TriggeringAssetEventsAccessor
from sluice.operators.waiting import WaitingOperator
from sluice.triggers import WorkEnded

from tests.fakes.sagemaker_api import FakeAws, FakeHook
from tests.fakes.triggerer import PassingTime, fire

RUN_ID = "manual__2026-01-01"
FIRST_UPDATE = datetime(2026, 1, 1, tzinfo=UTC)


class FakeTaskInstance:
    """What operators ask of a task instance."""

    dag_id = "a_dag"
    run_id = RUN_ID
    map_index = -1
    id = UUID(int=1)

    def __init__(self, run: DagRunOnFakeAws, task_id: str) -> None:
        self._run = run
        self.task_id = task_id
        self.task: Any = None
        self.max_tries = run.max_tries

    def xcom_push(self, key: str, value: Any) -> None:
        self._run.xcoms[self.task_id, key] = value

    def xcom_pull(self, task_ids: str, key: str = "return_value", map_indexes: int | None = None) -> Any:
        """A task of a mapped group is known as `<task id>_<map index>`, as in the states that Airflow tells."""
        task = task_ids if map_indexes is None else f"{task_ids}_{map_indexes}"
        return self._run.xcoms.get((task, key))

    def get_task_states(self, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        return {RUN_ID: self._run.states}


class FakeStateStore:
    """Airflow's task state store, of one task."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return json.loads(self.kept[key]) if key in self.kept else default

    def set(self, key: str, value: Any) -> None:
        self.kept[key] = json.dumps(value)


class DagRunOnFakeAws:
    """One DAG run. `waits` lists what tasks waited on, `answer` is what a person says to a task that asks.

    `updates` are the asset events that started it, oldest first: the asset's name and the event's extra.
    """

    def __init__(self, aws: FakeAws) -> None:
        self.aws = aws
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.states: dict[str, str] = {}
        self.stores: dict[str, Any] = {}
        self.max_tries = 2
        """Airflow raises it when a person clears a task."""
        self.waits: list[Any] = []
        self.outlet_events = OutletEventAccessors()
        self.answer: dict[str, Any] = {}
        self.updates: list[tuple[str, dict[str, Any]]] = []
        self.before_start: Callable[[Any], object] = lambda operator: None

    def run(self, operator: BaseOperator, *, time_out: bool = False, dag_run: Any = None) -> Any:
        """The operator's result. With `time_out` its first wait ends with nothing settled."""
        operator.__dict__["hook"] = FakeHook(self.aws)
        time = PassingTime(self.aws, stands_still=time_out)
        if isinstance(operator, WaitingOperator):
            operator.now, operator.sleep = time.now, time.sleep
        self.before_start(operator)
        context = self.context(operator.task_id, operator)
        context["dag_run"] = dag_run
        try:
            result = self._to_the_end(operator, context, time)
        except DownstreamTasksSkipped as skipping:
            # As the task runner has it: the task succeeded, and what it would have returned is lost.
            named = (each if isinstance(each, str) else each[0] for each in skipping.tasks)
            self.states.update(dict.fromkeys(named, "skipped"))
            self.states[operator.task_id] = "success"
            return self.xcoms.get((operator.task_id, "return_value"))
        except AirflowSkipException:
            self.states[operator.task_id] = "skipped"
            raise
        except Exception:
            self.states[operator.task_id] = "failed"
            raise
        self.states[operator.task_id] = "success"
        self.xcoms[operator.task_id, "return_value"] = result
        return result

    def context(self, task_id: str, operator: BaseOperator | None = None) -> Any:
        """What the task runner gives an operator."""
        ti = FakeTaskInstance(self, task_id)
        ti.task = operator
        return {
            "ti": ti,
            "task": operator,
            "task_instance": ti,
            "task_state_store": self.stores.setdefault(task_id, FakeStateStore()),
            "run_id": RUN_ID,
            "outlet_events": self.outlet_events,
            "triggering_asset_events": TriggeringAssetEventsAccessor.build(self._events()),
        }

    def _to_the_end(self, operator: Any, context: Any, time: PassingTime) -> Any:
        method = "execute"
        arguments: dict[str, Any] = {}
        while True:
            try:
                if method == "execute":
                    return operator.execute(context)
                return operator.resume_execution(method, arguments, context)
            except TaskDeferred as deferred:
                self.waits.append(deferred.trigger)
                method = str(deferred.method_name)
                arguments = {"event": self.wait(deferred.trigger, time)}
            except TaskAwaitingInput as waiting:
                self.waits.append(waiting)
                method, arguments = waiting.method_name, {"event": self.answer}

    def wait(self, trigger: WorkEnded, time: PassingTime) -> Any:
        """What the triggerer comes back with."""
        return fire(trigger, self.aws, time)

    def _events(self) -> list[AssetEventDagRunReferenceResult]:
        of_no_task = dict.fromkeys(("source_task_id", "source_dag_id", "source_run_id", "source_map_index"))
        return [
            AssetEventDagRunReferenceResult.model_validate(
                {
                    **of_no_task,
                    "asset": {"name": name, "uri": name, "extra": {}},
                    "extra": extra,
                    "source_aliases": [],
                    "timestamp": FIRST_UPDATE + timedelta(minutes=minutes),
                }
            )
            for minutes, (name, extra) in enumerate(self.updates)
        ]


def in_one_dag(*operators: BaseOperator) -> None:
    """Put operators one after the other, so that the last sees what became of the others."""
    from airflow.sdk import DAG

    dag = DAG("a_dag", schedule=None)
    chain: list[Any] = list(operators)
    for operator in chain:
        operator.dag = dag
    for before, after in itertools.pairwise(chain):
        before >> after
