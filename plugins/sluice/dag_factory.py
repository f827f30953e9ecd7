"""Spec -> DAGs. The kinds in `plans/` are data; here a step of one becomes a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any, cast

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import DAG, BaseOperator, Param, task_group

from sluice.operators.outcome import result_of
from sluice.plans import housekeeping
from sluice.plans.step import DagKind, Group, Step
from sluice.specs.pipeline import PipelineSpec
from sluice.waiting.polling import LEAST_S

RETRIES = 2  # for throttling, lost connections and killed workers; a candidate's own faults are not retried
RETRY_DELAY_SECONDS = 30.0  # throttling has passed by then; Airflow's own 5 minutes would be spent waiting

DIALECT = "http://json-schema.org/draft-07/schema#"
"""Of the params' schemas. Airflow checks them at the start of every run and of every task, and checking one of the
newest dialect, which is what one without a dialect counts as, takes five times as long; ours mean the same in both.
"""


def build(kind: DagKind, spec: PipelineSpec) -> DAG:
    """The DAG `<verb>__<pipeline>`; hyphens of the pipeline's name become underscores.

    Airflow's setting `[sluice] poll_seconds` (`AIRFLOW__SLUICE__POLL_SECONDS`) is the shortest time between two looks
    at what a task waits for, and `[sluice] retry_delay_seconds` that before what failed or was killed is tried again.
    """
    dag = DAG(
        dag_id=f"{kind.verb}__{spec.pipeline.replace('-', '_')}",
        description=kind.summary.format(pipeline=spec.pipeline),
        doc_md=kind.describe(spec),
        schedule=kind.schedule(spec),
        catchup=False,
        max_active_runs=1,  # two runs would measure, or deploy, on the same endpoint at once
        user_defined_macros={"result_of": result_of},
        tags={"sluice", kind.tag, spec.pipeline},
        default_args={"aws_conn_id": spec.aws.connection, "region_name": spec.aws.region, **_of_every_task()},
        **_deadline(kind, spec),
    )
    _give_params(dag, kind.params(spec))
    _add_all(dag, kind.plan(spec, conf.getfloat("sluice", "poll_seconds", fallback=LEAST_S)))
    return dag


def _deadline(kind: DagKind, spec: PipelineSpec) -> dict[str, Any]:
    found = kind.deadline(spec)
    return {} if found is None else {"deadline": found}  # Airflow before 3.1 does not know the keyword


def build_housekeeping(specs: Sequence[PipelineSpec]) -> DAG:
    """The DAG `housekeeping` for the accounts and regions of all specs."""
    dag = DAG(
        dag_id=housekeeping.DAG_ID,
        description=housekeeping.SUMMARY,
        doc_md=housekeeping.DESCRIPTION,
        schedule=housekeeping.SCHEDULE,
        catchup=False,
        max_active_runs=1,
        tags={"sluice", housekeeping.DAG_ID},
        default_args=_of_every_task(),
    )
    _give_params(dag, housekeeping.params())
    _add_all(dag, housekeeping.plan(specs))
    return dag


def _give_params(dag: DAG, params: Mapping[str, Param]) -> None:
    """Those that a DAG is made with Airflow holds against their schemas, and these against JSON Schema's own, at every
    parse of a scheduled DAG: a fifth of its time. What is ours is constant, and a test does it.
    """
    for name, each in params.items():
        each.schema.setdefault("$schema", DIALECT)
        dag.params[name] = each


def _of_every_task() -> dict[str, Any]:
    delay_s = conf.getfloat("sluice", "retry_delay_seconds", fallback=RETRY_DELAY_SECONDS)
    return {"retries": RETRIES, "retry_delay": timedelta(seconds=delay_s), "owner": "sluice"}


def _add_all(dag: DAG, steps: Iterable[Step]) -> None:
    for group, together in groupby(steps, key=lambda step: step.group):
        if group is None:
            for step in together:
                _add(dag, step, step.task_id)
        else:
            _add_group(dag, group, list(together))


def _add_group(dag: DAG, group: Group, steps: Sequence[Step]) -> None:
    """One group of these tasks for each item in a task's result; they take from it what they need by `ti.map_index`."""

    @task_group(group_id=group.group_id, dag=dag)
    def of_one(item: object) -> None:
        for step in steps:
            _add(dag, step, step.task_id.removeprefix(group.id_of("")))

    of_one.expand(item=dag.get_task(group.over).output)


def _add(dag: DAG, step: Step, name: str) -> None:
    given = {"task_id": name, "trigger_rule": step.trigger_rule, "default_args": dag.default_args, **step.given}
    if step.group is None:
        # A task that is made with `dag=` copies the DAG's params once for each class of its operator, and Airflow
        # checks and writes them down with every task: most of the time of a parse. Runs take them from the DAG anyway.
        task = step.operator(**given)
        dag.add_task(task)
    else:  # it finds its group by the DAG
        task = step.operator(dag=dag, **given)
    task.set_upstream([dag.get_task(each) for each in step.after])
    if step.tears_down is not None:
        setups = cast("list[BaseOperator]", [dag.get_task(each) for each in step.tears_down])
        task.as_teardown(setups=setups, on_failure_fail_dagrun=True)
