"""What a run is asked for: every parameter has its limits, and what is none is refused before anything is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from sluice.dag_factory import build, build_housekeeping
from sluice.errors import SpecError
from sluice.plans.batch_transform import BATCH_TRANSFORM
from sluice.plans.promotion import PROMOTION
from sluice.plans.rollback import ROLLBACK

from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

BATCH = {"input": "s3://models/in/", "output": "s3://models/out", "instance_type": "ml.m5.large"}
DAGS = [build(kind, a_spec(batch=BATCH)) for kind in (PROMOTION, ROLLBACK, BATCH_TRANSFORM)]
DAGS.append(build_housekeeping([a_spec()]))


def started(dag: DAG, conf: dict[str, Any]) -> Any:
    """What the DAG's first task comes to, where only the parameters count."""
    tasks: list[Any] = [task for task in dag.tasks if not task.upstream_task_ids]
    (first,) = tasks
    first.__dict__["carry_out"] = lambda context: "ran"
    return DagRunOnFakeAws(FakeAws()).run(first, dag_run=SimpleNamespace(conf=conf))


@pytest.mark.parametrize("dag", DAGS, ids=lambda dag: dag.dag_id)
def test_a_key_that_is_no_parameter_stops_the_run_at_its_start(dag: DAG) -> None:
    (known, *_) = dag.params
    with pytest.raises(SpecError, match=rf"params\.{known}s: is no parameter of {dag.dag_id}.*{known}"):
        started(dag, {f"{known}s": True})
    assert started(dag, {known: None}) == "ran"
    assert started(dag, {}) == "ran"


@pytest.mark.parametrize("dag", DAGS, ids=lambda dag: dag.dag_id)
def test_every_parameter_is_explained_and_has_a_type(dag: DAG) -> None:
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.schema["type"] and param.schema["title"] and param.description, name


def test_only_a_run_s_first_task_looks_and_only_in_sluice_s_own_dags() -> None:
    later: Any = build(PROMOTION, a_spec()).get_task("register_package")
    later.__dict__["carry_out"] = lambda context: "ran"
    run = SimpleNamespace(conf={"dryrun": True})
    assert DagRunOnFakeAws(FakeAws()).run(later, dag_run=run) == "ran"
    own = build(PROMOTION, a_spec())
    own.tags = {"somebody-s"}
    assert started(own, {"anything": 1}) == "ran"
