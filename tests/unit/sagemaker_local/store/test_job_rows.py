"""Jobs in the store: their results, steps and times."""

from __future__ import annotations

import math
import sqlite3

import pytest

from include.sagemaker_local.errors import IllegalTransition
from include.sagemaker_local.lifecycle import (
    JobEvent,
    JobStatus,
    TransformEvent,
    TransformStatus,
)
from include.sagemaker_local.store import Store
from include.sagemaker_local.store.records import (
    RecommendationStepRecord,
)
from tests.fakes.clock import ManualClock
from tests.fakes.stored import REGION, job
from tests.fakes.transforms import transform_record


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
