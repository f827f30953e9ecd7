"""The waiters are data; here they meet botocore's own idea of which statuses there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import sluice.hook
from botocore.waiter import WaiterModel

WAITERS = json.loads((Path(sluice.hook.__file__).parent / "waiters" / "sagemaker.json").read_text())
SERVICE = botocore.session.get_session().get_service_model("sagemaker")

MOVING = {
    "EndpointSettled": {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"},
    "RecommendationJobFinished": {"PENDING", "IN_PROGRESS", "STOPPING", "DELETING"},
    "TransformJobFinished": {"InProgress", "Stopping"},
    "ModelPackageSettled": {"Pending", "InProgress", "Deleting"},
}
STATUS = {
    "EndpointSettled": ("EndpointStatus", "EndpointStatus"),
    "RecommendationJobFinished": ("Status", "RecommendationJobStatus"),
    "TransformJobFinished": ("TransformJobStatus", "TransformJobStatus"),
    "ModelPackageSettled": ("ModelPackageStatus", "ModelPackageStatus"),
}


def outcomes(waiter: str, answer: dict[str, Any]) -> list[str]:
    config = WaiterModel(WAITERS).get_waiter(waiter)
    return [acceptor.state for acceptor in config.acceptors if acceptor.matcher_func(answer)]


@pytest.mark.parametrize("waiter", sorted(MOVING))
def test_every_status_of_the_service_either_moves_on_or_ends_the_wait(waiter: str) -> None:
    member, shape = STATUS[waiter]
    for status in SERVICE.shape_for(shape).enum:
        expected = [] if status in MOVING[waiter] else ["success"]
        assert outcomes(waiter, {member: status}) == expected, status


def test_an_endpoint_that_is_gone_is_settled_and_a_job_that_is_gone_is_an_error() -> None:
    assert outcomes("EndpointSettled", {"Error": {"Code": "ValidationException"}}) == ["success"]
    assert outcomes("RecommendationJobFinished", {"Error": {"Code": "ResourceNotFound"}}) == ["failure"]
    assert outcomes("TransformJobFinished", {"Error": {"Code": "ValidationException"}}) == ["failure"]


@pytest.mark.parametrize("waiter", sorted(MOVING))
def test_airflow_expects_an_argument_on_every_acceptor(waiter: str) -> None:
    assert all("argument" in acceptor for acceptor in WAITERS["waiters"][waiter]["acceptors"])
    assert WAITERS["waiters"][waiter]["operation"] in SERVICE.operation_names
