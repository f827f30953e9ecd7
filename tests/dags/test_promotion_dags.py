"""The DAGs as Airflow sees them: what is in `dags/` parses, without a network, into the tasks in their order."""

from __future__ import annotations

import shutil
import socket
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, Asset, TriggerRule
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization
from sluice.dag_factory import build, build_housekeeping
from sluice.naming import twin_endpoint
from sluice.operators.base import SluiceOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.plans.batch_transform import BATCH_TRANSFORM
from sluice.plans.promotion import PROMOTION
from sluice.plans.rebenchmark import REBENCHMARK
from sluice.plans.rollback import ROLLBACK
from sluice.plans.step import DagKind

from tests.conftest import PROJECT
from tests.fakes.specs import a_spec, spec_document

ORDER = [
    "preflight",
    "register_package",
    "create_model",
    "deploy_staging",
    "recommend",
    "judge",
    "promote",
    "verify",
    "reject",
    "report",
    "outcome",
]
ROLLBACK_ORDER = ["choose_version", "preflight", "create_model", "roll_back", "verify", "withdraw", "record", "outcome"]
BATCH_ORDER = ["find_version", "preflight", "create_model", "transform", "check_output"]
REBENCHMARK_ORDER = [
    "find_twin",
    "preflight",
    "create_model",
    "deploy_twin",
    "recommend",
    "delete_twin",
    "compare",
    "open_promotion",
    "outcome",
]
BATCH = {"input": "s3://models/in/{{ ds }}/", "output": "s3://models/out", "instance_type": "ml.m5.large"}
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/iris-group/3"


def in_order(dag: DAG) -> list[str]:
    """Task ids, each after all that it comes after."""
    return [task.task_id for task in dag.topological_sort()]  # type: ignore[no-untyped-call]  # Airflow's


def bag_of(folder: Path) -> DagBag:
    return DagBag(dag_folder=str(folder), bundle_path=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of `dags/` with one spec of its own."""
    copy = tmp_path / "dags"
    shutil.copytree(PROJECT / "dags", copy, ignore=shutil.ignore_patterns("__pycache__", "*.yaml"))
    write(copy, "iris.yaml", spec_document())
    return copy


def write(folder: Path, name: str, document: Any) -> None:
    (folder / "pipelines" / name).write_text(document if isinstance(document, str) else yaml.safe_dump(document))


def test_every_spec_of_the_project_is_a_dag_and_parsing_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise AssertionError("parsing a DAG opened a socket")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    bag = bag_of(PROJECT / "dags")
    assert bag.import_errors == {}
    names = [yaml.safe_load(path.read_text())["pipeline"] for path in (PROJECT / "dags" / "pipelines").glob("*.yaml")]
    kinds = {
        "promote": (ORDER, "promotion"),
        "rollback": (ROLLBACK_ORDER, "rollback"),
        "batch_transform": (BATCH_ORDER, "batch"),
    }
    assert bag.dags.pop("housekeeping").tags == {"sluice", "housekeeping"}
    assert set(bag.dags) == {f"{verb}__{name.replace('-', '_')}" for name in names for verb in kinds}
    assert "promote__breast_cancer" in bag.dags
    for dag_id, dag in bag.dags.items():
        order, tag = kinds[dag_id.split("__")[0]]
        assert in_order(dag) == order
        assert dag.tags >= {"sluice", tag} and dag.doc_md


def test_the_order_of_tasks() -> None:
    dag = build(PROMOTION, a_spec())
    straight = ORDER[:8]
    for before, after in pairwise(straight):
        assert dag.get_task(after).upstream_task_ids == {before}
    assert dag.get_task("reject").upstream_task_ids == {"judge", "verify"}
    assert dag.get_task("reject").trigger_rule == dag.get_task("report").trigger_rule == TriggerRule.ALL_DONE
    # The only leaf: it does not run when a task failed, although `report` always does.
    assert [task.task_id for task in dag.leaves] == ["outcome"]
    assert dag.get_task("outcome").trigger_rule == TriggerRule.NONE_FAILED
    assert dag.get_task("outcome").upstream_task_ids == {"verify", "reject", "report"}


def test_runs_do_not_pile_up() -> None:
    dag = build(PROMOTION, a_spec())
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert {task.retries for task in dag.tasks} == {2}


def test_the_time_between_two_attempts_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {task.retry_delay for task in build(PROMOTION, a_spec()).tasks} == {timedelta(seconds=30)}
    monkeypatch.setenv("AIRFLOW__SLUICE__RETRY_DELAY_SECONDS", "1.5")
    for dag in (build(PROMOTION, a_spec()), build_housekeeping([a_spec()])):
        assert {task.retry_delay for task in dag.tasks} == {timedelta(seconds=1.5)}


def test_the_connection_of_the_spec_reaches_every_task() -> None:
    aws = {"role": "arn:aws:iam::123456789012:role/x", "connection": "team_a", "region": "eu-west-1"}
    dag = build(PROMOTION, a_spec(aws=aws))
    tasks = [task for task in dag.tasks if isinstance(task, SluiceOperator)]
    assert [task.task_id for task in tasks] == ORDER[:-1]
    assert {(task.aws_conn_id, task.region_name) for task in tasks} == {("team_a", "eu-west-1")}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("@daily", "0 0 * * *"), ("15 6 * * 1", "15 6 * * 1"), (None, None)],
)
def test_schedules(schedule: str | None, expected: str | None) -> None:
    assert getattr(build(PROMOTION, a_spec(schedule=schedule)).timetable, "expression", None) == expected


def test_a_schedule_of_assets() -> None:
    dag = build(PROMOTION, a_spec(schedule={"assets": ["s3://models/iris", "s3://models/other"]}))
    assert dag.schedule == [Asset("s3://models/iris"), Asset("s3://models/other")]
    # What the events ask for takes the place of the parameters.
    assert in_order(dag)[:2] == ["read_event", "preflight"]
    preflight = dag.get_task("preflight").__dict__
    for key, given in (("model_data", "model_data"), ("environment", "environment")):
        assert preflight[given] == "{{ ti.xcom_pull(task_ids='read_event')['" + key + "'] | tojson }}"
    assert preflight["package_arn"] == "{{ ti.xcom_pull(task_ids='read_event')['model_package_arn'] }}"
    assert set(DagSerialization.from_dict(DagSerialization.to_dict(dag)).task_dict) == {"read_event", *ORDER}


def test_a_staging_endpoint_that_is_not_kept_is_torn_down_when_the_load_test_is_over() -> None:
    dag = build(PROMOTION, a_spec(staging__after_gate="delete"))
    deletion = dag.get_task("delete_staging")
    assert isinstance(deletion, DeleteEndpointOperator) and deletion.endpoint == "iris-staging"
    setups = {"create_model", "deploy_staging"}
    assert {task.task_id for task in dag.tasks if task.is_setup} == setups
    assert deletion.upstream_task_ids == {*setups, "recommend"}
    assert deletion.is_teardown and deletion.on_failure_fail_dagrun
    # What comes directly after a branch is skipped unless it is the way on.
    assert "delete_staging" not in dag.get_task("judge").downstream_task_ids
    # Whether the endpoint goes must not hold up, or fail, what a run has decided.
    assert "delete_staging" not in dag.get_task("report").get_flat_relative_ids(upstream=True)
    outcome = dag.get_task("outcome")
    assert [task.task_id for task in dag.leaves] == ["outcome"] and "delete_staging" in outcome.upstream_task_ids
    assert outcome.is_teardown and outcome.on_failure_fail_dagrun
    again = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("delete_staging")
    assert again.is_teardown and again.on_failure_fail_dagrun


CANDIDATES: dict[str, Any] = {"base": {}, "slim": {"image": {"predict": "slim:1"}}}


def test_candidates_are_measured_in_a_group_each_and_compared_by_one_task() -> None:
    spec = a_spec(candidates=CANDIDATES, staging__candidates_at_once=1, gate__approval={"required": True})
    dag = build(PROMOTION, spec)
    group = [task.task_id for task in dag.tasks if task.task_id.startswith("measure.")]
    assert group == [f"measure.{each}" for each in ("await_turn", *ORDER[:6], "delete_staging")]
    assert dag.get_task("measure.await_turn").upstream_task_ids == {"candidates"}
    assert dag.get_task("compare").upstream_task_ids == {"measure.judge"}
    assert dag.get_task("compare").trigger_rule == TriggerRule.ALL_DONE
    assert dag.get_task("compare").__dict__["when_open"] == "approve"
    assert dag.get_task("approve").upstream_task_ids == {"compare"}
    deletion = dag.get_task("measure.delete_staging")
    assert deletion.is_teardown and "measure.deploy_staging" in deletion.upstream_task_ids
    assert "measure.delete_staging" in dag.get_task("outcome").upstream_task_ids
    for task_id in ("reject", "report", "outcome"):
        assert dag.get_task(task_id).__dict__["despite"] == "compare"
    assert "map_indexes=ti.map_index" in dag.get_task("measure.judge").__dict__["package_arn"]
    again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert again.get_task("measure.judge").get_closest_mapped_task_group() is not None
    params = dag.params
    params.update({"candidates": {"c": {"environment": {"predict": {"X": "1"}}}}})
    params.validate()
    with pytest.raises(ParamValidationError):
        params.update({"candidates": {"c": {"images": {}}}})


def test_candidates_start_after_the_event_and_share_its_wishes() -> None:
    dag = build(PROMOTION, a_spec(candidates=CANDIDATES, schedule={"assets": ["s3://models/iris"]}))
    assert dag.get_task("candidates").upstream_task_ids == {"read_event"}
    assert "read_event" in dag.get_task("candidates").__dict__["model_data"]
    assert dag.get_task("candidates").__dict__["candidates"] == (
        "{{ ti.xcom_pull(task_ids='read_event')['candidates'] | tojson }}"
    )
    assert dag.get_task("read_event").__dict__["request"]["candidates"] == "{{ params.candidates | tojson }}"
    alone = build(PROMOTION, a_spec(schedule={"assets": ["s3://models/iris"]}))
    assert set(alone.get_task("read_event").__dict__["request"]) <= set(alone.params)
    assert dag.get_task("measure.preflight").upstream_task_ids == {"candidates"}


def test_without_candidates_there_is_no_group_and_no_parameter_for_them() -> None:
    dag = build(PROMOTION, a_spec())
    assert in_order(dag) == ORDER and "candidates" not in dag.params


@pytest.mark.parametrize(
    "conf",
    [
        {"dry_run": "yes"},
        {"model_data": "s3://models/x/model.tar.gz"},
        {"model_data": {"predict": "not-s3"}},
        {"model_data": {"predikt": "s3://models/x/model.tar.gz"}},
        {"environment": {"predict": {"THREADS": 2}}},
        {"environment": {"predict": "THREADS=2"}},
    ],
)
def test_wrong_parameters_are_refused_before_a_run_starts(conf: dict[str, Any]) -> None:
    params = build(PROMOTION, a_spec()).params
    with pytest.raises(ParamValidationError):
        params.update(conf)
        params.validate()


def test_right_parameters() -> None:
    params = build(PROMOTION, a_spec()).params
    params.update(
        {
            "dry_run": True,
            "model_data": {"predict": "s3://models/x/model.tar.gz"},
            "environment": {"predict": {"THREADS": "2"}},
        }
    )
    assert params.validate()["dry_run"] is True


def test_a_dag_survives_serialisation_and_says_what_it_does() -> None:
    dag = build(PROMOTION, a_spec())
    again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert set(again.task_dict) == set(ORDER)
    said = PROMOTION.describe(a_spec())
    assert "model_latency_ms at most 120 ms" in said and "iris-staging" in said


def test_production_is_scaled_when_it_is_verified_and_a_failure_of_that_rejects_nothing() -> None:
    dag = build(PROMOTION, a_spec(production__autoscaling={"min_per_minute": 600, "max_per_minute": 6000}))
    assert dag.get_task("autoscale").upstream_task_ids == {"verify"}
    assert "autoscale" in dag.get_task("report").upstream_task_ids & dag.get_task("outcome").upstream_task_ids
    assert "autoscale" not in dag.get_task("reject").upstream_task_ids


def test_a_person_comes_between_the_gate_and_production_only_where_the_spec_asks() -> None:
    assert "approve" not in build(PROMOTION, a_spec(gate__approval={"required": False})).task_dict
    dag = build(PROMOTION, a_spec(gate__approval={"required": True}))
    assert dag.get_task("approve").upstream_task_ids == {"judge"}
    assert dag.get_task("promote").upstream_task_ids == {"approve"}
    assert dag.get_task("judge").__dict__["when_open"] == "approve"
    assert set(dag.get_task("approve").params) == {"reason"}  # and none of the DAG's own
    # A refusal skips `promote` alone: what carries it out must not be directly behind it.
    assert dag.get_task("approve").downstream_task_ids == {"promote"}
    for task_id in ("reject", "report"):
        rendered = dag.get_task(task_id).__dict__["judged"]
        assert rendered == "{{ (result_of(ti, 'approve') or result_of(ti, 'judge')) | tojson }}"
    again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert "approve" in again.task_dict


def test_the_order_of_a_rollback() -> None:
    dag = build(ROLLBACK, a_spec(schedule="@daily"))
    assert dag.dag_id == "rollback__iris" and str(dag.schedule) == "None"
    assert in_order(dag) == ROLLBACK_ORDER
    assert dag.get_task("roll_back").__dict__["guarded"] is False
    assert "iris-group" in ROLLBACK.describe(a_spec())


def test_a_batch_has_its_own_schedule_and_a_prefix_of_each_day() -> None:
    assert BATCH_TRANSFORM.plan(a_spec(), 5.0) == ()
    dag = build(BATCH_TRANSFORM, a_spec(batch={**BATCH, "schedule": {"assets": ["sagemaker://iris-group"]}}))
    assert dag.dag_id == "batch_transform__iris" and dag.schedule == [Asset("sagemaker://iris-group")]
    assert "newest Approved" in str(dag.doc_md)
    params = dag.params
    params.update({"input": "s3://models/other/"})
    assert params.validate()["input"] == "s3://models/other/"
    with pytest.raises(ParamValidationError):
        params.update({"input": "models/other"})


def test_production_s_version_is_measured_on_a_twin_that_goes_in_any_case() -> None:
    assert REBENCHMARK.plan(a_spec(), 5.0) == ()
    spec = a_spec(rebenchmark={"schedule": "@daily"})
    dag = build(REBENCHMARK, spec)
    assert dag.dag_id == "rebenchmark__iris" and dag.max_active_runs == 1
    assert getattr(dag.timetable, "expression", None) == "0 0 * * *"
    assert sorted(in_order(dag)) == sorted(REBENCHMARK_ORDER)
    deletion = dag.get_task("delete_twin")
    assert isinstance(deletion, DeleteEndpointOperator) and deletion.endpoint == twin_endpoint(spec)
    assert deletion.is_teardown and deletion.on_failure_fail_dagrun
    assert {task.task_id for task in dag.tasks if task.is_setup} == {"create_model", "deploy_twin"}
    assert dag.get_task("compare").upstream_task_ids == {"recommend"}
    findings = Asset("sagemaker://iris-group/findings")
    assert {task.task_id: task.outlets for task in dag.tasks if task.outlets} == {"open_promotion": [findings]}
    assert "15 %" in str(dag.doc_md) and "promote__iris" in str(dag.doc_md)
    assert set(DagSerialization.from_dict(DagSerialization.to_dict(dag)).task_dict) == set(REBENCHMARK_ORDER)


@pytest.mark.parametrize("kind", [PROMOTION, ROLLBACK, BATCH_TRANSFORM], ids=lambda kind: kind.verb)
def test_a_version_is_named_by_its_arn_or_not_at_all(kind: DagKind) -> None:
    params = build(kind, a_spec(batch=BATCH)).params
    for arn in (None, VERSION):
        params.update({"model_package_arn": arn})
        assert params.validate()["model_package_arn"] == arn
    with pytest.raises(ParamValidationError):
        params.update({"model_package_arn": "iris-group/3"})


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        (PROMOTION, ["read_event", *ORDER]),
        (ROLLBACK, ROLLBACK_ORDER),
        (BATCH_TRANSFORM, BATCH_ORDER),
        (REBENCHMARK, REBENCHMARK_ORDER),
    ],
)
def test_a_plan_is_data(kind: DagKind, order: list[str]) -> None:
    plan = kind.plan(a_spec(batch=BATCH, rebenchmark={}), 5.0)
    assert [step.task_id for step in plan] == order
    known: set[str] = set()
    for step in plan:
        assert set(step.after) <= known, f"{step.task_id} comes after a task that the plan names later"
        known.add(step.task_id)


def test_a_broken_spec_is_an_import_error_and_leaves_the_other_dags_alone(folder: Path) -> None:
    write(folder, "broken.yaml", spec_document(pipeline="broken", gate__rules=[{"metric": "speed", "max": 1}]))
    write(folder, "no-yaml.yaml", "pipeline: [")
    bag = bag_of(folder)
    assert set(bag.dags) == {"promote__iris", "rollback__iris", "housekeeping"}
    assert set(bag.import_errors) == {"spec_problems.py"}
    said = bag.import_errors["spec_problems.py"]
    assert "broken.yaml" in said and "gate.rules[0].metric" in said and "no-yaml.yaml" in said


def test_two_specs_that_would_be_one_dag_or_share_an_endpoint(folder: Path) -> None:
    write(folder, "second.yaml", spec_document())
    write(folder, "third.yaml", spec_document(pipeline="third"))
    said = bag_of(folder).import_errors["spec_problems.py"]
    assert "second.yaml: pipeline" in said and "third.yaml: staging.endpoint" in said


def test_only_what_has_answered_in_production_updates_the_asset() -> None:
    asset = Asset("sagemaker://iris-group")
    for kind in (PROMOTION, ROLLBACK):
        dag = build(kind, a_spec())
        assert {task.task_id: task.outlets for task in dag.tasks if task.outlets} == {"verify": [asset]}


def test_housekeeping_visits_each_account_and_region_once() -> None:
    role = "arn:aws:iam::123456789012:role/x"
    elsewhere = {"role": role, "connection": "team/a", "region": "eu-west-1"}
    dag = build_housekeeping([a_spec(), a_spec(pipeline="b"), a_spec(aws=elsewhere)])
    visited = {task.task_id: (task.__dict__["aws_conn_id"], task.__dict__["region_name"]) for task in dag.tasks}
    assert visited == {
        "housekeep__aws_default": ("aws_default", None),
        "housekeep__team_a__eu-west-1": ("team/a", "eu-west-1"),
    }
    assert dag.params.dump() == {"older_than_days": 30, "dry_run": True}
    for wrong in ({"older_than_days": 0}, {"dry_run": "no"}):
        with pytest.raises(ParamValidationError):
            dag.params.update(wrong)


def test_dag_files_are_short() -> None:
    for path in (PROJECT / "dags").glob("*.py"):
        assert len(path.read_text().splitlines()) <= 40, path
