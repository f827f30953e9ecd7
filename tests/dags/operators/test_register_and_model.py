from __future__ import annotations

import pytest
from sluice.errors import ModelDiffers, PackageFailed, SpecError
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.register_package import RegisterPackageOperator

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws


def register(aws: FakeAws, **changes: object) -> dict[str, object]:
    operator = RegisterPackageOperator(task_id="register_package", **given(a_candidate(a_spec(**changes))))
    result: dict[str, object] = DagRunOnFakeAws(aws).run(operator)
    return result


def test_group_and_version_pending_approval() -> None:
    aws = FakeAws()
    result = register(aws)
    assert aws.calls == ["create_model_package_group", "create_model_package"]
    assert result["version"] == 1 and result["approval"] == "PendingManualApproval"
    package = aws.packages[str(result["package_arn"])]
    assert len(package["InferenceSpecification"]["Containers"]) == 2


def test_the_same_content_is_the_same_version() -> None:
    aws = FakeAws()
    assert register(aws) == register(aws)
    assert len(aws.packages) == 1


def test_other_content_is_another_version() -> None:
    aws = FakeAws()
    assert register(aws)["version"] == 1
    assert register(aws, containers__0__image="other:2")["version"] == 2
    assert register(aws)["version"] == 1


def test_a_version_that_another_run_is_registering_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws()
    first = register(aws)
    real, asked = FakeAws.get_paginator, []

    def empty_at_first(self: FakeAws, operation: str) -> object:
        asked.append(operation)
        return real(FakeAws() if len(asked) == 1 else self, operation)

    monkeypatch.setattr(FakeAws, "get_paginator", empty_at_first)
    assert register(aws) == first


def test_a_version_that_the_registry_refuses() -> None:
    aws = FakeAws()
    arn = str(register(aws)["package_arn"])
    reason = {"ValidationStatuses": [{"FailureReason": "image not found"}]}
    aws.packages[arn].update(ModelPackageStatus="InProgress", ModelPackageStatusDetails=reason)
    package = aws.packages[arn]

    def fails(ModelPackageName: str) -> dict[str, object]:
        return {**package, "ModelPackageStatus": "Failed"}

    aws.describe_model_package = fails  # type: ignore[method-assign]
    with pytest.raises(PackageFailed, match="image not found"):
        register(aws)


def test_the_model_is_created_once_from_the_version() -> None:
    aws, candidate = FakeAws(), a_candidate()
    arn = str(register(aws)["package_arn"])
    operator = CreateModelOperator(task_id="create_model", package_arn=arn, **given(candidate))
    assert DagRunOnFakeAws(aws).run(operator) == {"model": candidate.names.model, "created": True}
    assert DagRunOnFakeAws(aws).run(operator) == {"model": candidate.names.model, "created": False}
    assert aws.models[candidate.names.model]["Containers"] == [{"ModelPackageName": arn}]


@pytest.mark.parametrize("shown", ["by the model", "by the version"])
def test_a_model_of_that_name_that_has_lost_a_container_is_not_deployed(shown: str) -> None:
    aws, candidate = FakeAws(), a_candidate()
    arn = str(register(aws)["package_arn"])
    specification = aws.packages[arn]["InferenceSpecification"]
    if shown == "by the model":
        first = specification["Containers"][0]
        described = {name: first[name] for name in ("ContainerHostname", "Image", "ModelDataUrl", "Environment")}
        aws.create_model(ModelName=candidate.names.model, Containers=[described])
    else:
        specification["Containers"].pop()
    operator = CreateModelOperator(task_id="create_model", package_arn=arn, **given(candidate))
    with pytest.raises(ModelDiffers, match="it has 1 containers, and 2 were asked for"):
        DagRunOnFakeAws(aws).run(operator)


def test_without_a_candidate_the_error_says_what_is_missing() -> None:
    operator = CreateModelOperator(task_id="create_model", package_arn="arn:v1", pipeline=a_spec(), candidate="null")
    with pytest.raises(SpecError, match="preflight"):
        DagRunOnFakeAws(FakeAws()).run(operator)
