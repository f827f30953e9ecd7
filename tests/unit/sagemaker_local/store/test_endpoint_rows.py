"""Endpoints in the store: the lifecycle is applied, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from include.sagemaker_local.errors import IllegalTransition
from include.sagemaker_local.lifecycle import (
    EndpointEvent,
    EndpointStatus,
    JobStatus,
)
from include.sagemaker_local.store import UNCHANGED, Store
from tests.fakes.clock import ManualClock
from tests.fakes.stored import REGION, deployment, endpoint, job


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
