"""What keeps the parse of a DAG cheap, and what has to hold all the same."""

from __future__ import annotations

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from sluice.dag_factory import DIALECT, build
from sluice.fields.typed import build as build_spec
from sluice.plans.batch_transform import BATCH_TRANSFORM
from sluice.plans.promotion import PROMOTION
from sluice.plans.rebenchmark import REBENCHMARK
from sluice.plans.rollback import ROLLBACK
from sluice.plans.step import DagKind
from sluice.specs.pipeline import PipelineSpec

from tests.fakes.specs import a_spec

BATCH = {"input": "s3://data/rows/{{ ds }}/", "output": "s3://data/answers", "instance_type": "ml.m5.large"}


def test_params_are_written_down_once_and_in_a_dialect_that_is_quick_to_check() -> None:
    dag = build(PROMOTION, a_spec())
    assert {task.task_id for task in dag.tasks if task.params} == set()
    assert all(dag.params.get_param(name).schema["$schema"] == DIALECT for name in dag.params)
    written = DagSerialization.to_dict(dag)["dag"]
    assert len(written["params"]) == len(dag.params) > 0
    assert not any("params" in task["__var"] for task in written["tasks"])


@pytest.mark.parametrize("kind", [PROMOTION, ROLLBACK, BATCH_TRANSFORM, REBENCHMARK], ids=lambda kind: kind.verb)
def test_the_defaults_of_params_are_valid_though_no_parse_checks_them(kind: DagKind) -> None:
    dag = build(kind, a_spec(batch=BATCH, rebenchmark={}, schedule="@daily"))
    assert set(dag.params.validate()) == set(kind.params(a_spec(batch=BATCH)))


def test_all_tasks_of_a_dag_hold_the_same_spec_and_airflow_shows_it_as_data() -> None:
    spec = a_spec()
    dag = build(PROMOTION, spec)
    held = [task for task in dag.tasks if "pipeline" in task.__dict__]
    assert len(held) > 5 and all(task.__dict__["pipeline"] is spec for task in held)
    written = {task["__var"]["task_id"]: task["__var"] for task in DagSerialization.to_dict(dag)["dag"]["tasks"]}
    for task in held:
        assert build_spec(PipelineSpec, written[task.task_id]["pipeline"]) == spec


@pytest.mark.parametrize("text", ["s3://data/rows/{{ ds }}/", "s3://data/{% if ds %}rows{% endif %}/"])
def test_a_spec_with_templates_is_rendered_by_each_task(text: str) -> None:
    spec = a_spec(batch={**BATCH, "input": text})
    dag = build(BATCH_TRANSFORM, spec)
    for task in dag.tasks:
        if "pipeline" in task.__dict__:
            assert task.__dict__["pipeline"]["batch"]["input"] == text
