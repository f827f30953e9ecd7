from __future__ import annotations

from typing import Any

import pytest
from sluice.deployment_errors import DeploymentFailed, DeploymentRollbackFailed, DeploymentRolledBack
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.promote import PromoteOperator
from sluice.specs.pipeline import Stage
from sluice.waiting.polling import Pace

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import ARN, FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws
from tests.fakes.triggerer import EPOCH_S

OLD, NEW = a_candidate(), a_candidate(a_spec(containers__0__image="new:2"))
CONFIG = NEW.names.config(Stage.STAGING)
ENDPOINT = NEW.names.endpoint(Stage.STAGING)


def deploy(aws: FakeAws, candidate: Any = NEW, *, time_out: bool = False) -> Any:
    operator = DeployEndpointOperator(task_id="deploy_staging", stage="staging", poll_s=1, **given(candidate))
    return DagRunOnFakeAws(aws).run(operator, time_out=time_out)


@pytest.fixture
def aws() -> FakeAws:
    """Staging serves the old candidate."""
    aws = FakeAws()
    deploy(aws, OLD)
    aws.calls.clear()
    return aws


def test_a_new_endpoint() -> None:
    aws = FakeAws()
    arn = f"{ARN}:endpoint/{ENDPOINT}"
    assert deploy(aws) == {"endpoint": ENDPOINT, "endpoint_arn": arn, "config": CONFIG, "status": "InService"}
    assert aws.calls == ["create_endpoint_configuration", "create_endpoint"]


def test_an_update_and_once_more_is_no_update(aws: FakeAws) -> None:
    assert deploy(aws)["config"] == CONFIG
    assert deploy(aws)["config"] == CONFIG
    assert aws.calls == ["create_endpoint_configuration", "update_endpoint"]


def test_an_update_that_aws_rolls_back_in_silence_is_an_error(aws: FakeAws) -> None:
    aws.broken_configs[CONFIG] = None
    aws.log_streams = {
        "AllTraffic/i-0/predict": ["the old container is fine"],
        "AllTraffic/i-1/predict": ["Traceback", "ModuleNotFoundError: no module 'xgb'"],
    }
    with pytest.raises(DeploymentRolledBack) as error:
        deploy(aws)
    said = str(error.value)
    assert "[predict] ModuleNotFoundError" in said and "the old container is fine" not in said
    assert error.value.live_config == OLD.names.config(Stage.STAGING)


GUARDED = a_candidate(
    a_spec(
        containers__0__image="new:2",
        production__deployment={
            "type": "canary",
            "percent": 10,
            "bake_seconds": 600,
            "alarms": ["iris-5xx", "iris-slow"],
        },
    )
)


def promote(aws: FakeAws, candidate: Any, **arguments: Any) -> DagRunOnFakeAws:
    run = DagRunOnFakeAws(aws)
    operator = DeployEndpointOperator(task_id="promote", stage="production", poll_s=60, **given(candidate))
    run.run(operator, **arguments)
    return run


def test_production_is_updated_with_the_specs_guardrails_and_waited_for_longer(aws: FakeAws) -> None:
    promote(aws, OLD)
    (wait,) = promote(aws, GUARDED).waits
    (deployment,) = aws.deployments
    assert deployment is not None
    assert deployment["AutoRollbackConfiguration"] == {
        "Alarms": [{"AlarmName": "iris-5xx"}, {"AlarmName": "iris-slow"}]
    }
    assert wait.wait.pace == Pace(expected_s=300 + 2 * 600, timeout_s=3600 + 2 * 600, least_s=60)


def test_a_deployment_that_an_alarm_ended_names_the_alarm(aws: FakeAws) -> None:
    promote(aws, OLD)
    aws.broken_configs[GUARDED.names.production_config] = None
    aws.alarms = {"iris-5xx": "OK", "iris-slow": "ALARM", "other": "ALARM"}
    with pytest.raises(DeploymentRolledBack) as error:
        promote(aws, GUARDED)
    assert error.value.alarms == ("alarm iris-slow is in ALARM (Threshold Crossed)",)


def test_a_rollback_that_failed_is_told_apart_and_the_next_update_gets_out_of_it(aws: FakeAws) -> None:
    promote(aws, OLD)
    aws.lost_configs.add(GUARDED.names.production_config)
    with pytest.raises(DeploymentRollbackFailed, match="no capacity to go back to"):
        promote(aws, GUARDED)
    assert promote(aws, OLD).xcoms["promote", "return_value"]["status"] == "InService"


def test_an_endpoint_that_never_came_up_tells_why_and_is_made_anew() -> None:
    aws = FakeAws()
    aws.broken_configs[CONFIG] = "container predict did not pass the ping health check"
    with pytest.raises(DeploymentFailed, match="predict did not pass the ping") as error:
        deploy(aws)
    assert "no config is live" in str(error.value)
    aws.broken_configs.clear()
    assert deploy(aws)["config"] == CONFIG
    assert aws.calls[-2:] == ["delete_endpoint", "create_endpoint"]


def test_our_own_deployment_that_is_under_way_is_taken_up_again(aws: FakeAws) -> None:
    aws.configs[CONFIG] = {"EndpointConfigName": CONFIG}
    aws.update_endpoint(ENDPOINT, CONFIG)
    aws.calls.clear()
    assert deploy(aws)["config"] == CONFIG
    assert aws.calls == []


def test_somebody_elses_deployment_is_waited_for_first(aws: FakeAws) -> None:
    aws.update_endpoint(ENDPOINT, "by-hand")
    aws.calls.clear()
    assert deploy(aws)["config"] == CONFIG
    assert aws.calls == ["create_endpoint_configuration", "update_endpoint"]


def test_an_endpoint_that_aws_maintains_right_after_its_deployment_is_waited_for_again(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = DagRunOnFakeAws(aws)
    operator = DeployEndpointOperator(task_id="deploy_staging", stage="staging", poll_s=1, **given(NEW))
    first = operator.when_deployed

    def after_a_crash(context: Any, event: Any) -> Any:
        monkeypatch.setattr(operator, "when_deployed", first)
        aws.endpoints[ENDPOINT]["EndpointStatus"] = "SystemUpdating"
        return operator.when_deployed(context, event)

    after_a_crash.__name__ = "when_deployed"
    monkeypatch.setattr(operator, "when_deployed", after_a_crash)
    result = run.run(operator)
    assert (result["config"], result["status"]) == (CONFIG, "InService")
    assert len(run.waits) == 2


def test_a_deployment_that_does_not_end_is_a_failure(aws: FakeAws) -> None:
    with pytest.raises(DeploymentFailed, match="still Updating after 3600 s"):
        deploy(aws, time_out=True)


def test_an_endpoint_that_stays_busy_is_a_failure(aws: FakeAws) -> None:
    aws.update_endpoint(ENDPOINT, "by-hand")
    with pytest.raises(DeploymentFailed, match="busy with something else"):
        deploy(aws, time_out=True)


def test_the_failure_is_left_for_later_tasks(aws: FakeAws) -> None:
    aws.broken_configs[CONFIG] = "no"
    run = DagRunOnFakeAws(aws)
    operator = DeployEndpointOperator(task_id="deploy_staging", stage="staging", **given(NEW))
    with pytest.raises(DeploymentRolledBack):
        run.run(operator)
    assert run.xcoms["deploy_staging", "failure"]["error"] == "DeploymentRolledBack"


def test_promote_approves_and_deploys_production() -> None:
    aws = FakeAws()
    arn = aws.create_model_package(ModelPackageGroupName="g", ClientToken="t")["ModelPackageArn"]
    operator = PromoteOperator(task_id="promote", package_arn=arn, reason="all rules passed", **given(NEW))
    assert DagRunOnFakeAws(aws).run(operator)["config"] == NEW.names.production_config
    assert aws.packages[arn]["ModelApprovalStatus"] == "Approved"
    assert aws.packages[arn]["ApprovalDescription"] == "all rules passed"


def test_the_trigger_gets_the_connection_of_the_task() -> None:
    run = DagRunOnFakeAws(FakeAws())
    operator = DeployEndpointOperator(
        task_id="deploy_staging",
        stage="staging",
        poll_s=2,
        timeout_s=10,
        aws_conn_id="other",
        region_name="eu-west-1",
        verify="/ca.pem",
        botocore_config={"read_timeout": 5},
        **given(NEW),
    )
    run.run(operator)
    _, arguments = run.waits[0].serialize()
    assert arguments == {
        "kind": "endpoint",
        "name": ENDPOINT,
        "since": EPOCH_S,
        "expected_s": 300,
        "timeout_s": 10,
        "least_s": 2,
        "aws_conn_id": "other",
        "region_name": "eu-west-1",
        "verify": "/ca.pem",
        "botocore_config": {"read_timeout": 5},
    }
