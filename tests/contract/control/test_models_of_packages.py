"""Models whose containers come from the registry."""

from __future__ import annotations

from collections.abc import Callable

from include.sagemaker_local.deployment import Container
from tests.contract.control.conftest import IMAGE, ROLE, Rig

Refused = Callable[..., tuple[str, str]]
REGION = "us-east-1"


def test_a_package_version_stands_for_all_its_containers(rig: Rig) -> None:
    arn = rig.package()
    rig.client.create_model(ModelName="from-package", ExecutionRoleArn=ROLE, Containers=[{"ModelPackageName": arn}])
    assert [(container.name, container.model_data_url) for container in rig.containers("from-package")] == [
        ("container-1", "s3://models/a.tar.gz"),
        ("container-2", "s3://models/b.tar.gz"),
    ]
    described = rig.client.describe_model(ModelName="from-package")
    assert described["Containers"] == [{"ModelPackageName": arn}]
    assert described["InferenceExecutionConfig"] == {"Mode": "Serial"}


def test_packages_and_containers_mix_and_are_numbered_through(rig: Rig) -> None:
    rig.package()
    rig.model("mixed", Containers=[{"ModelPackageName": "fraud/1"}, {"Image": "repo/label:1"}])
    assert [container.name for container in rig.containers("mixed")] == ["container-1", "container-2", "container-3"]


def test_a_package_of_one_container_takes_an_environment_and_a_hostname(rig: Rig) -> None:
    one = {"Containers": [{"Image": IMAGE}], "SupportedContentTypes": ["text/csv"]}
    arn = rig.package(InferenceSpecification=one)
    entry = {"ModelPackageName": arn, "Environment": {"B": "2"}, "ContainerHostname": "only"}
    rig.model("tuned", Containers=[entry])
    assert rig.containers("tuned") == (Container("only", IMAGE, None, {"B": "2"}),)


def test_a_packages_own_environment_cannot_be_changed(rig: Rig, refused: Refused) -> None:
    arn = rig.package(InferenceSpecification={"Containers": [{"Image": IMAGE, "Environment": {"A": "1", "C": "3"}}]})
    assert refused(rig.model, Containers=[{"ModelPackageName": arn, "Environment": {"B": "2"}}]) == (
        "ValidationException",
        "Environment variable map cannot be specified both at Model Package {A=1, C=3} and Model {B=2}",
    )


def test_a_package_of_several_containers_does_not(rig: Rig, refused: Refused) -> None:
    arn = rig.package()
    code, message = refused(rig.model, Containers=[{"ModelPackageName": arn, "Environment": {"B": "2"}}])
    assert code == "ValidationException"
    assert "model package of 2 containers" in message


def test_an_additional_specification_can_be_named(rig: Rig, refused: Refused) -> None:
    arn = rig.package(AdditionalInferenceSpecifications=[{"Name": "fast", "Containers": [{"Image": "repo/fast:1"}]}])
    rig.model("fast", Containers=[{"ModelPackageName": arn, "InferenceSpecificationName": "fast"}])
    assert [container.image for container in rig.containers("fast")] == ["repo/fast:1"]
    code, message = refused(rig.model, Containers=[{"ModelPackageName": arn, "InferenceSpecificationName": "slow"}])
    assert (code, "named slow" in message) == ("ValidationException", True)


def test_a_package_that_is_not_there(rig: Rig, refused: Refused) -> None:
    assert refused(rig.model, Containers=[{"ModelPackageName": "fraud/7"}]) == (
        "ValidationException",
        "ModelPackage arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud/7 does not exist.",
    )


def test_a_package_without_containers_makes_no_model(rig: Rig, refused: Refused) -> None:
    arn = rig.package(InferenceSpecification=None)
    code, message = refused(rig.model, Containers=[{"ModelPackageName": arn}])
    assert (code, "has no InferenceSpecification" in message) == ("ValidationException", True)
