from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.errors import HostError, IllegalTransition
from include.sagemaker_local.lifecycle import (
    EndpointEvent,
    EndpointStatus,
    JobEvent,
    JobStatus,
    TransformEvent,
    TransformStatus,
)
from include.sagemaker_local.store import UNCHANGED, Store
from include.sagemaker_local.store.records import (
    EndpointConfigRecord,
    EndpointRecord,
    ModelPackageGroupRecord,
    ModelPackageRecord,
    ModelRecord,
    RecommendationJobRecord,
    RecommendationStepRecord,
    VariantRecord,
)
from include.sagemaker_local.store.selection import Compares, Comparison, Field, Selection
from tests.fakes.clock import ManualClock
from tests.fakes.transforms import transform_record

REGION = "us-east-1"
CHAIN = (
    Container("featurize", "repo/sklearn:1", "s3://b/1.tar.gz", {"A": "1", "ü": "ß"}),
    Container("predict", "repo/xgboost:1", None),
)


def arn(resource: str, name: str, region: str = REGION) -> str:
    return f"arn:aws:sagemaker:{region}:123456789012:{resource}/{name.lower()}"


def deployment(config: str = "config-1") -> Deployment:
    return Deployment(config, (VariantPlan("AllTraffic", "pipeline", "ml.c5.large", 2, 0.5, CHAIN, 90.0),))


def endpoint(name: str = "staging", region: str = REGION) -> EndpointRecord:
    return EndpointRecord(
        region=region,
        name=name,
        arn=arn("endpoint", name, region),
        status=EndpointStatus.CREATING,
        live=None,
        wanted=deployment(),
        failure_reason=None,
        created_at_s=100.125,
        modified_at_s=100.125,
    )


def job(name: str = "bench", region: str = REGION) -> RecommendationJobRecord:
    return RecommendationJobRecord(
        region=region,
        name=name,
        arn=arn("inference-recommendations-job", name, region),
        status=JobStatus.PENDING,
        failure_reason=None,
        created_at_s=100.125,
        modified_at_s=100.125,
        completed_at_s=None,
        accepted={"InputConfig": {"Endpoints": [{"EndpointName": "staging"}]}},
        recommendations=(),
        endpoint_performances=(),
    )


def group(name: str = "Fraud") -> ModelPackageGroupRecord:
    return ModelPackageGroupRecord(REGION, name, arn("model-package-group", name), 100.125, {})


def version(number: int, token: str | None = None) -> ModelPackageRecord:
    return ModelPackageRecord(
        region=REGION,
        name="Fraud",
        arn=arn("model-package", f"fraud/{number}"),
        group_name="Fraud",
        version=number,
        containers=CHAIN,
        approval_status="PendingManualApproval",
        approval_description=None,
        customer_metadata={"evidence": "s3://b/e.json"},
        client_token=token,
        created_at_s=100.125,
        modified_at_s=100.125,
        accepted={"Domain": "MACHINE_LEARNING", "InferenceSpecification": {"Containers": [{"Image": "i"}]}},
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(200.25)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    opened = Store(tmp_path / "data" / "sagemaker.db", clock)
    yield opened
    opened.close()


def test_every_kind_of_record_comes_back_as_it_went_in(store: Store) -> None:
    model = ModelRecord(REGION, "pipeline", arn("model", "pipeline"), CHAIN, 1.5, {"Containers": []})
    variant = VariantRecord("AllTraffic", "pipeline", "ml.c5.large", 1, 1.0, startup_timeout_s=60.0)
    config = EndpointConfigRecord(REGION, "config-1", arn("endpoint-config", "config-1"), (variant,), 1.5, {})
    step = RecommendationStepRecord("bench", 0, JobStatus.IN_PROGRESS, {"ModelConfiguration": {}})
    store.add_model_package_group(group())
    store.add_model_package(version(1))
    store.add_model(model)
    store.add_endpoint_config(config)
    store.add_endpoint(endpoint())
    store.add_job(job())
    store.put_step(REGION, step)

    assert store.model_package_group(REGION, "Fraud") == group()
    assert store.model_package(REGION, version(1).arn) == version(1)
    assert store.model(REGION, "pipeline") == model
    assert store.endpoint_config(REGION, "config-1") == config
    assert store.endpoint(REGION, "staging") == endpoint()
    assert store.job(REGION, "bench") == job()
    assert store.steps(REGION, "bench") == [step]


def test_a_name_means_the_same_resource_in_any_case_and_keeps_its_spelling(store: Store) -> None:
    store.add_endpoint(endpoint("Staging"))
    found = store.endpoint(REGION, "STAGING")
    assert found is not None
    assert found.name == "Staging"
    with pytest.raises(sqlite3.IntegrityError):
        store.add_endpoint(endpoint("staging"))


def test_regions_are_apart(store: Store) -> None:
    store.add_endpoint(endpoint())
    store.add_endpoint(endpoint(region="eu-west-1"))
    store.remove_endpoint(REGION, "staging")
    assert store.endpoint(REGION, "staging") is None
    assert store.endpoint("eu-west-1", "staging") is not None
    assert [record.region for record in store.endpoints()] == ["eu-west-1"]


def test_what_was_written_is_there_in_another_connection_without_closing_the_first(
    tmp_path: Path, store: Store, clock: ManualClock
) -> None:
    store.add_endpoint(endpoint())
    other = Store(tmp_path / "data" / "sagemaker.db", clock)
    assert other.endpoint(REGION, "staging") == endpoint()
    other.close()


def test_move_endpoint_applies_the_lifecycle_and_sets_the_time(store: Store, clock: ManualClock) -> None:
    store.add_endpoint(endpoint())
    clock.advance(7)
    moved = store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOYED, live=deployment(), wanted=None)
    assert moved == replace(
        endpoint(), status=EndpointStatus.IN_SERVICE, live=deployment(), wanted=None, modified_at_s=207.25
    )
    assert store.endpoint(REGION, "staging") == moved


def test_move_endpoint_leaves_what_is_not_given(store: Store) -> None:
    store.add_endpoint(endpoint())
    moved = store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOY_FAILED, failure_reason="no ping")
    assert (moved.wanted, moved.failure_reason) == (deployment(), "no ping")
    kept = store.move_endpoint(REGION, "staging", EndpointEvent.DELETE, failure_reason=UNCHANGED)
    assert kept.failure_reason == "no ping"


def test_an_illegal_event_changes_nothing(store: Store, clock: ManualClock) -> None:
    store.add_endpoint(endpoint())
    clock.advance(7)
    with pytest.raises(IllegalTransition, match="Creating"):
        store.move_endpoint(REGION, "staging", EndpointEvent.UPDATE, failure_reason="x")
    assert store.endpoint(REGION, "staging") == endpoint()
    with pytest.raises(IllegalTransition, match="no endpoint 'nowhere'"):
        store.move_endpoint(REGION, "nowhere", EndpointEvent.UPDATE)


def test_endpoints_and_jobs_by_status(store: Store) -> None:
    store.add_endpoint(endpoint("one"))
    store.add_endpoint(replace(endpoint("two", "eu-west-1"), created_at_s=50.0))
    store.move_endpoint(REGION, "one", EndpointEvent.DEPLOYED)
    assert [record.name for record in store.endpoints()] == ["two", "one"]
    assert [record.name for record in store.endpoints({EndpointStatus.IN_SERVICE})] == ["one"]
    assert store.endpoints(set()) == []
    store.add_job(job())
    assert [record.name for record in store.jobs({JobStatus.PENDING})] == ["bench"]
    assert store.jobs({JobStatus.FAILED}) == []


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((JobEvent.START, JobEvent.COMPLETE), JobStatus.COMPLETED),
        ((JobEvent.START, JobEvent.FAIL), JobStatus.FAILED),
        ((JobEvent.STOP, JobEvent.STOPPED), JobStatus.STOPPED),
    ],
)
def test_a_finished_job_has_a_completion_time(
    store: Store, clock: ManualClock, events: tuple[JobEvent, JobEvent], status: JobStatus
) -> None:
    store.add_job(job())
    assert store.move_job(REGION, "bench", events[0]).completed_at_s is None
    clock.advance(60)
    moved = store.move_job(REGION, "bench", events[1], failure_reason="why")
    assert (moved.status, moved.completed_at_s, moved.modified_at_s) == (status, 260.25, 260.25)
    assert store.job(REGION, "bench") == moved


def test_a_jobs_results_survive_even_when_a_metric_is_not_a_number(store: Store) -> None:
    store.add_job(job())
    store.move_job(REGION, "bench", JobEvent.START)
    store.move_job(
        REGION,
        "bench",
        JobEvent.COMPLETE,
        recommendations=({"Metrics": {"CpuUtilization": math.nan, "ModelLatency": 3}},),
        endpoint_performances=({"EndpointInfo": {"EndpointName": "staging"}},),
    )
    done = store.job(REGION, "bench")
    assert done is not None
    metrics = done.recommendations[0]["Metrics"]
    assert isinstance(metrics, dict)
    assert metrics["ModelLatency"] == 3
    assert math.isnan(metrics["CpuUtilization"])
    assert done.endpoint_performances == ({"EndpointInfo": {"EndpointName": "staging"}},)


def test_a_step_takes_the_place_of_the_one_at_its_position(store: Store) -> None:
    store.add_job(job())
    for position, status in ((1, JobStatus.PENDING), (0, JobStatus.IN_PROGRESS), (0, JobStatus.FAILED)):
        store.put_step(REGION, RecommendationStepRecord("bench", position, status, {"FailureReason": status}))
    assert [(step.position, step.status) for step in store.steps(REGION, "bench")] == [
        (0, JobStatus.FAILED),
        (1, JobStatus.PENDING),
    ]
    store.clear_steps(REGION, "bench")
    assert store.steps(REGION, "bench") == []


def test_a_step_needs_its_job(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.put_step(REGION, RecommendationStepRecord("nowhere", 0, JobStatus.PENDING, {}))


def test_version_numbers_are_never_used_again(store: Store) -> None:
    store.add_model_package_group(group())
    assert [store.take_version(REGION, "fraud") for _ in range(2)] == [1, 2]
    store.add_model_package(version(2))
    store.remove_model_package(REGION, version(2).arn)
    assert store.take_version(REGION, "Fraud") == 3
    with pytest.raises(LookupError):
        store.take_version(REGION, "nowhere")


def versions_of(store: Store, group_name: str) -> list[int | None]:
    in_group = Compares(Field("group_name"), Comparison.EQUALS, group_name)
    return [package.version for package in store.model_packages(Selection(REGION, (in_group,))).records]


def test_packages_by_group_and_by_token(store: Store) -> None:
    store.add_model_package_group(group())
    store.add_model_package(version(1, token="one"))
    store.add_model_package(version(2))
    store.add_model_package(version(3))  # several packages may be without a token
    assert versions_of(store, "FRAUD") == [1, 2, 3]
    assert versions_of(store, "other") == []
    assert store.model_package_by_token(REGION, "one") == version(1, token="one")
    assert store.model_package_by_token("eu-west-1", "one") is None
    changed = replace(version(2), approval_status="Approved", approval_description="by hand", modified_at_s=300.0)
    store.replace_model_package(changed)
    assert store.model_package(REGION, changed.arn) == changed


def test_a_group_that_has_packages_cannot_be_removed(store: Store) -> None:
    store.add_model_package_group(group())
    store.add_model_package(version(1))
    with pytest.raises(sqlite3.IntegrityError):
        store.remove_model_package_group(REGION, "Fraud")
    assert store.model_package_group(REGION, "Fraud") is not None


def test_tags_go_with_their_resource(store: Store) -> None:
    store.add_endpoint(endpoint())
    tagged = endpoint().arn
    store.put_tags(tagged, {"owner": "risk", "stage": "test"})
    store.put_tags(tagged, {"stage": "production"})
    store.remove_tags(tagged, ["owner", "nothing"])
    assert store.tags(tagged) == {"stage": "production"}
    store.remove_endpoint(REGION, "STAGING")
    assert store.tags(tagged) == {}


def test_a_transaction_is_all_or_nothing_and_may_be_nested(store: Store) -> None:
    with pytest.raises(RuntimeError, match="half way"), store.transaction():
        store.add_endpoint(endpoint())
        with store.transaction():
            store.put_tags(endpoint().arn, {"owner": "risk"})
        raise RuntimeError("half way")
    assert store.endpoint(REGION, "staging") is None
    assert store.tags(endpoint().arn) == {}
    store.add_endpoint(endpoint())  # the next transaction is not disturbed


def test_a_transform_job_keeps_when_it_began_and_ended(store: Store, clock: ManualClock) -> None:
    store.add_transform_job(transform_record())
    assert store.transform_job(REGION, "JOB") == transform_record()
    began = store.move_transform_job(REGION, "job", TransformEvent.BEGIN)
    assert (began.status, began.started_at_s, began.ended_at_s) == (TransformStatus.IN_PROGRESS, 200.25, None)
    assert store.move_transform_job(REGION, "job", TransformEvent.RESTARTED).started_at_s is None
    store.move_transform_job(REGION, "job", TransformEvent.BEGIN)
    clock.advance(5)
    failed = store.move_transform_job(REGION, "job", TransformEvent.FAIL, failure_reason="no luck")
    assert (failed.status, failed.started_at_s, failed.ended_at_s) == (TransformStatus.FAILED, 200.25, 205.25)
    assert store.transform_jobs({TransformStatus.FAILED}) == [failed]
    assert store.transform_jobs({TransformStatus.IN_PROGRESS}) == []
    with pytest.raises(IllegalTransition, match="cannot take the event"):
        store.move_transform_job(REGION, "job", TransformEvent.STOP)
    with pytest.raises(IllegalTransition, match="there is no transform job"):
        store.move_transform_job(REGION, "other", TransformEvent.STOP)


def test_a_file_that_was_written_before_transform_jobs_were_kept_is_taken_on(
    tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "data" / "sagemaker.db"
    before = Store(path, clock)
    before.add_endpoint(endpoint())
    before.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE transform_jobs")
    connection.close()
    after = Store(path, clock)
    after.add_transform_job(transform_record())
    assert after.endpoint(REGION, "staging") == endpoint()
    after.close()


def test_reset_empties_everything(tmp_path: Path, store: Store) -> None:
    store.add_model_package_group(group())
    store.add_model_package(version(1))
    store.add_endpoint(endpoint())
    store.add_job(job())
    store.put_step(REGION, RecommendationStepRecord("bench", 0, JobStatus.PENDING, {}))
    store.add_transform_job(transform_record())
    store.put_tags(endpoint().arn, {"owner": "risk"})
    store.reset()
    with sqlite3.connect(tmp_path / "data" / "sagemaker.db") as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # noqa: S608
    connection.close()
    assert len(counts) > 10
    assert set(counts.values()) == {0}


@pytest.mark.parametrize("change", ["status = 'Sleeping'", "live_json = '{'"])
def test_the_schema_refuses_what_no_record_can_be(tmp_path: Path, store: Store, change: str) -> None:
    store.add_endpoint(endpoint())
    with sqlite3.connect(tmp_path / "data" / "sagemaker.db") as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"UPDATE endpoints SET {change}")  # noqa: S608
    connection.close()


def test_a_file_that_is_no_database_is_said_in_one_line(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "sagemaker.db"
    path.write_bytes(b"this is not SQLite" * 100)
    with pytest.raises(HostError, match=r"sagemaker\.db") as caught:
        Store(path, clock)
    assert "\n" not in str(caught.value)


def test_a_directory_that_cannot_be_made_is_said_in_one_line(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HostError, match="cannot use the database"):
        Store(tmp_path / "file" / "sagemaker.db", clock)


def test_a_file_of_another_schema_version_is_left_alone(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "sagemaker.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(HostError, match="schema 99"):
        Store(path, clock)


def test_a_full_disk_is_the_hosts_fault_and_loses_nothing(store: Store) -> None:
    store.add_endpoint(endpoint())
    pages = store._database.row("PRAGMA page_count")
    assert pages is not None
    store._database.row(f"PRAGMA max_page_count = {pages[0]}")  # SQLite's own way to say that there is no more room
    with pytest.raises(HostError, match="full"):
        for number in range(1000):
            store.put_tags(arn("model", str(number)), {"key": "x" * 256})
    assert store.endpoint(REGION, "staging") == endpoint()
