"""Housekeeping: what is used, by whomever, stays; what is left goes, and only when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.housekeep import HousekeepOperator
from sluice.operators.preflight import PreflightOperator

from tests.dags.operators.test_rollback import promote
from tests.fakes.candidates import aws_with_artifacts
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws


def housekeep(aws: FakeAws, *, dry: bool = False, days: float = 30) -> Any:
    operator = HousekeepOperator(task_id="housekeep", older_than_days=str(days), is_dry_run="true" if dry else "false")
    return DagRunOnFakeAws(aws).run(operator)


def stage(aws: FakeAws, image: str, arn: str) -> str:
    """A version on the staging endpoint; its model."""
    spec, run = a_spec(containers__0__image=image), DagRunOnFakeAws(aws)
    given: dict[str, Any] = {"pipeline": spec}
    given["candidate"] = run.run(PreflightOperator(task_id="preflight", **given))
    model = run.run(CreateModelOperator(task_id="create_model", package_arn=arn, **given))["model"]
    run.run(DeployEndpointOperator(task_id="deploy_staging", stage="staging", **given))
    return str(model)


@pytest.fixture
def aws() -> FakeAws:
    """Three versions that were staged and promoted; the first is Rejected, and the third in production."""
    aws = aws_with_artifacts()
    for image in ("a:1", "a:2", "a:3"):
        stage(aws, image, promote(aws, image))
    aws.packages[next(iter(aws.packages))]["ModelApprovalStatus"] = "Rejected"
    aws.calls.clear()
    return aws


def names(found: Any, kind: str) -> list[str]:
    return [each["name"] for each in found["unused"] if each["kind"] == kind]


def test_what_nobody_uses_is_listed_and_a_dry_run_deletes_nothing(aws: FakeAws) -> None:
    found = housekeep(aws, dry=True)
    rejected = next(iter(aws.models))
    assert names(found, "endpoint") == ["iris-staging"]
    assert names(found, "model") == [rejected]
    # Both configs of the rejected version, and the second's staging config; the third's is on the staging endpoint.
    gone = names(found, "endpoint config")
    assert sorted(name.rsplit("-", 1)[0] for name in gone) == ["iris-production", "iris-staging", "iris-staging"]
    assert (found["found"], found["deleted"]) == (5, 0)
    assert aws.calls == []


def test_it_deletes_what_it_lists_and_the_next_run_finds_what_that_has_freed(aws: FakeAws) -> None:
    found = housekeep(aws)
    assert found["deleted"] == found["found"] == 5
    assert aws.calls == ["delete_endpoint", *["delete_endpoint_config"] * 3, "delete_model"]
    aws.settle()
    assert list(aws.endpoints) == ["iris"] and len(aws.models) == 2
    assert names(housekeep(aws), "endpoint config") and not names(housekeep(aws), "model")
    production = aws.endpoints["iris"]["EndpointConfigName"]
    assert aws.configs[production]["ProductionVariants"][0]["ModelName"] in aws.models
    assert housekeep(aws)["found"] == 0


def test_what_somebody_elses_endpoint_runs_stays(aws: FakeAws) -> None:
    rejected = next(iter(aws.models))
    aws.create_endpoint_config(EndpointConfigName="by-hand", ProductionVariants=[{"ModelName": rejected}])
    aws.create_endpoint(EndpointName="by-hand", EndpointConfigName="by-hand")
    config = next(name for name, each in aws.configs.items() if each["ProductionVariants"][0]["ModelName"] == rejected)
    aws.endpoints["by-hand"]["PendingDeploymentSummary"] = {"EndpointConfigName": config}
    found = housekeep(aws)
    assert names(found, "model") == [] and config not in names(found, "endpoint config")
    assert {"by-hand"} <= aws.endpoints.keys() & aws.configs.keys()


def test_what_is_not_sluices_is_not_looked_at(aws: FakeAws) -> None:
    before = housekeep(aws, dry=True)
    aws.create_model(ModelName="iris-0123456789ab", Containers=[])
    aws.create_endpoint(EndpointName="old", EndpointConfigName="gone")
    assert housekeep(aws, dry=True) == before


def test_what_is_young_or_being_measured_stays(aws: FakeAws) -> None:
    rejected = next(iter(aws.models))
    aws.touched[rejected] = datetime.now(UTC)
    loads = {"InputConfig": {"Endpoints": [{"EndpointName": "iris-staging"}]}}
    aws.create_inference_recommendations_job(JobName="j", **loads)
    found = housekeep(aws, dry=True)
    assert names(found, "model") == names(found, "endpoint") == []
    aws.touched = dict.fromkeys((*aws.models, *aws.configs), datetime.now(UTC))
    assert housekeep(aws, dry=True)["found"] == 0


def test_a_model_stays_as_long_as_a_config_that_stays(aws: FakeAws) -> None:
    rejected = next(iter(aws.models))
    config = next(name for name, each in aws.configs.items() if each["ProductionVariants"][0]["ModelName"] == rejected)
    aws.touched[config] = datetime.now(UTC)
    assert names(housekeep(aws), "model") == []


def test_an_age_in_which_a_promotion_may_be_under_way_is_refused(aws: FakeAws) -> None:
    for days in (0.5, float("nan")):
        with pytest.raises(SpecError, match="older_than_days"):
            housekeep(aws, days=days)
