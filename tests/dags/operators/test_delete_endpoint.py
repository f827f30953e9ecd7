from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from sluice.deployment_errors import EndpointNotDeleted
from sluice.operators.conclude import ConcludeOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.task_run import DagRunOnFakeAws, in_one_dag


@pytest.fixture
def aws() -> FakeAws:
    """Staging serves, and nothing else has happened."""
    aws = FakeAws()
    DagRunOnFakeAws(aws).run(DeployEndpointOperator(task_id="d", stage="staging", **given(a_candidate())))
    aws.calls.clear()
    return aws


def delete(aws: FakeAws, *, time_out: bool = False) -> Any:
    return DagRunOnFakeAws(aws).run(DeleteEndpointOperator(task_id="d", endpoint="iris-staging"), time_out=time_out)


def test_it_is_gone_when_the_task_ends_and_that_it_was_not_there_is_fine(aws: FakeAws) -> None:
    assert delete(aws) == {"endpoint": "iris-staging", "deleted": True}
    assert aws.endpoints == {} and aws.calls == ["delete_endpoint"]
    assert delete(aws) == {"endpoint": "iris-staging", "deleted": False}


def test_what_is_busy_is_waited_for_and_what_is_going_is_not_deleted_twice(aws: FakeAws) -> None:
    aws.endpoints["iris-staging"]["EndpointStatus"] = "Creating"
    assert delete(aws)["deleted"]
    assert aws.calls == ["delete_endpoint"]
    aws.endpoints["iris-staging"] = {"EndpointName": "iris-staging", "EndpointArn": "arn", "EndpointStatus": "Deleting"}
    assert delete(aws)["deleted"]
    assert aws.calls == ["delete_endpoint"]


def test_one_that_does_not_go_is_a_failure(aws: FakeAws) -> None:
    with pytest.raises(EndpointNotDeleted, match=r"iris-staging is still Deleting after 3600 s.*cost money"):
        delete(aws, time_out=True)


@pytest.mark.parametrize("failed", [(), ("recommend",)])
def test_a_run_with_teardowns_ends_as_its_tasks_did(failed: tuple[str, ...]) -> None:
    run = DagRunOnFakeAws(FakeAws())
    before = [DeleteEndpointOperator(task_id=each, endpoint="x") for each in ("recommend", "verify")]
    outcome = ConcludeOperator(task_id="outcome")
    in_one_dag(*before, outcome)
    run.states.update({"recommend": "success", "verify": "skipped", **dict.fromkeys(failed, "failed")})
    if not failed:
        assert run.run(outcome) is None
        return
    with pytest.raises(AirflowFailException, match="recommend: it left no message"):
        run.run(outcome)
