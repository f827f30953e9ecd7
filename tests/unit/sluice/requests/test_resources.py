"""Every request is held against botocore's own service model, with the limits that botocore leaves to the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from sluice.errors import SpecError
from sluice.naming import Names, content_in, names_for
from sluice.requests import job as job_requests
from sluice.requests import resources as resource_requests
from sluice.specs.pipeline import PipelineSpec, Stage

from tests.fakes.specs import DROP, a_spec, digests_of

PACKAGE_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/iris-group/1"
# The model writes these in Java's dialect; `$` before a count is a slip of theirs.
JAVA_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{M}": "",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{S}": "+=",
    r"\p{P}": r".,:;!?/()'-",
}


@cache
def shape_of(operation: str) -> Any:
    return botocore.session.get_session().get_service_model("sagemaker").operation_model(operation).input_shape


def problems(operation: str, request: dict[str, Any]) -> list[str]:
    report = ParamValidator().validate(request, shape_of(operation))
    found = [report.generate_report()] if report.has_errors() else []
    return found + list(limits_broken(request, shape_of(operation), operation))


def limits_broken(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Enum, maximum and pattern, none of which botocore checks."""
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from limits_broken(member, shape.members[name], f"{path}.{name}")
        return
    yield from size_broken(value, shape, path)
    if shape.type_name == "list":
        for member in value:
            yield from limits_broken(member, shape.member, f"{path}[]")
    if shape.type_name == "map":
        for key, member in value.items():
            yield from limits_broken(key, shape.key, f"{path} key")
            yield from limits_broken(member, shape.value, f"{path}.{key}")


def size_broken(value: Any, shape: Any, path: str) -> Iterator[str]:
    size = value if isinstance(value, int | float) else len(value)
    if size > shape.metadata.get("max", size):
        yield f"{path} has size {size}, allowed {shape.metadata['max']}"
    if shape.metadata.get("enum") and value not in shape.metadata["enum"]:
        yield f"{path} is {value!r}, which is not in the enum"
    pattern = shape.metadata.get("pattern")
    if pattern and isinstance(value, str) and not re.fullmatch(python_pattern(pattern), value):
        yield f"{path} is {value!r}, which does not match {pattern}"


def python_pattern(pattern: str) -> str:
    pattern = re.sub(r"\)\$\{\d+,\d+\}$", ")", pattern)
    for java, python in JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    return pattern


ADVANCED = {
    "job_type": "Advanced",
    "instance_types": ["ml.c5.large", "ml.c5.xlarge"],
    "traffic": {"phases": [{"initial_number_of_users": 1, "spawn_rate": 1, "duration_in_seconds": 120}]},
    "environment_ranges": {"OMP_NUM_THREADS": ["1", "2"]},
    "resource_limit": {"max_number_of_tests": 4, "max_parallel_of_tests": 2},
    "job_duration_in_seconds": 7200,
    "stop": {"max_invocations": 1000, "flat_invocations": "Continue"},
}

SPECS = {
    "usual": a_spec(),
    "least": a_spec(containers=[{"image": "a"}, {"image": "b"}], package__framework_version=DROP),
    "most": a_spec(
        pipeline="p" * 63,
        package__group="g" * 63,
        containers=[
            {
                "hostname": f"h{number:02}{'x' * 60}",
                "image": "i" * 255,
                "model_data": f"s3://{'b' * 63}/{number:02}{'k' * 900}.tar.gz",
                "environment": {f"{'V' * 1000}{n}": "v" * 1024 for n in range(100)},
            }
            for number in range(15)
        ],
        benchmark__stop={"latency": {"percentile": "P99", "ms": 1}},
        staging__endpoint="s" * 63,
        production__endpoint="e" * 63,
    ),
    "advanced": a_spec(benchmark=ADVANCED, production__instance="cheapest_passing"),
}


@pytest.fixture(params=SPECS)
def spec(request: pytest.FixtureRequest) -> PipelineSpec:
    return SPECS[request.param]


@pytest.fixture
def names(spec: PipelineSpec) -> Names:
    return names_for(spec, digests_of(spec))


def test_the_check_itself_finds_what_is_wrong() -> None:
    assert problems("CreateEndpoint", {"EndpointName": "a"})
    assert problems("CreateEndpoint", {"EndpointName": "a", "EndpointConfigName": "b" * 64})
    assert problems("CreateEndpoint", {"EndpointName": "a_b", "EndpointConfigName": "b"})
    job = {"JobName": "a", "JobType": "ADVANCED", "RoleArn": "arn:aws:iam::123456789012:role/x", "InputConfig": {}}
    assert problems("CreateInferenceRecommendationsJob", job)
    assert not problems("CreateInferenceRecommendationsJob", {**job, "JobType": "Advanced"})


def test_every_request_is_one_that_aws_takes(spec: PipelineSpec, names: Names) -> None:
    made = {
        "CreateModelPackageGroup": [resource_requests.create_model_package_group(spec)],
        "CreateModelPackage": [resource_requests.create_model_package(spec, names)],
        "CreateModel": [resource_requests.create_model(spec, names, PACKAGE_ARN)],
        "CreateEndpointConfig": [resource_requests.create_endpoint_config(spec, names, stage) for stage in Stage],
        "CreateEndpoint": [resource_requests.create_endpoint(names, stage) for stage in Stage],
        "UpdateEndpoint": [resource_requests.update_endpoint(names, stage, spec.deployment(stage)) for stage in Stage],
        "CreateInferenceRecommendationsJob": [
            job_requests.create_inference_recommendations_job(spec, names, PACKAGE_ARN, attempt) for attempt in (1, 999)
        ],
        "UpdateModelPackage": [
            resource_requests.approve_package(PACKAGE_ARN, "all 3 rules passed", evidence()),
            resource_requests.reject_package(PACKAGE_ARN, "too slow\n" * 1000, {}),
        ],
    }
    for operation, requests in made.items():
        for request in requests:
            assert problems(operation, request) == []


def evidence() -> dict[str, str]:
    return resource_requests.evidence_metadata("s3://models/evidence/iris/0123/run.json", "a" * 64, "pass")


def test_the_package_holds_the_whole_pipeline_in_order() -> None:
    spec = SPECS["usual"]
    made = names_for(spec, digests_of(spec))
    request = resource_requests.create_model_package(spec, made)
    first, second = request["InferenceSpecification"]["Containers"]
    assert first == {
        "ContainerHostname": "featurize",
        "Image": "1.dkr.ecr.us-east-1.amazonaws.com/sklearn:1",
        "ModelDataUrl": "s3://models/iris/featurize/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "Framework": "SAGEMAKER-SCIKIT-LEARN",
        "FrameworkVersion": "1.4-2",
    }
    assert (second["Framework"], second["FrameworkVersion"]) == ("XGBOOST", "1.7-1")
    assert "Environment" not in second
    assert request["ModelApprovalStatus"] == "PendingManualApproval"
    assert content_in(request["ModelPackageDescription"]) == made.content
    assert request["CustomerMetadataProperties"]["sluice:content"] == made.content
    assert request["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"] == [
        "ml.c5.large",
        "ml.c5.xlarge",
    ]
    assert "Tags" not in request  # AWS takes none on a version


def test_a_container_with_its_own_framework_does_not_inherit_the_packages_version() -> None:
    spec = a_spec(containers__1__framework="OTHER", containers__1__framework_version=DROP)
    request = resource_requests.create_model_package(spec, names_for(spec, digests_of(spec)))
    second = request["InferenceSpecification"]["Containers"][1]
    assert second["Framework"] == "OTHER"
    assert "FrameworkVersion" not in second


def test_the_token_of_a_package_is_that_of_its_content() -> None:
    def token(**changes: Any) -> str:
        spec = a_spec(**changes)
        return str(resource_requests.create_model_package(spec, names_for(spec, digests_of(spec)))["ClientToken"])

    assert token() == token(gate__rules__0__max=1)
    assert token() != token(containers__0__image="other")
    assert token() != token(package__group="other")


def test_everything_in_the_package_request_is_part_of_its_content() -> None:
    """Two requests that differ must never share a content hash, or an existing version would stand for another one."""
    changes: list[dict[str, Any]] = [
        {"containers__0__image": "x"},
        {"containers__0__hostname": "x"},
        {"containers__0__model_data": "s3://other/m.tar.gz"},
        {"containers__0__environment": {}},
        {"containers__1__framework": "OTHER"},
        {"package__domain": "COMPUTER_VISION"},
        {"package__task": "OTHER"},
        {"package__framework_version": DROP},
        {"package__content_types": ["a/b"]},
        {"package__response_types": ["a/b"]},
        {"package__sample_payload": "s3://other/p.tar.gz"},
        {"benchmark__instance_types": ["ml.c5.large"]},
    ]
    seen: dict[str, dict[str, Any]] = {}
    for change in [{}, *changes]:
        spec = a_spec(**change)
        made = names_for(spec, digests_of(spec))
        assert made.content not in seen
        seen[made.content] = resource_requests.create_model_package(spec, made)


def test_the_model_is_the_package() -> None:
    spec = a_spec()
    request = resource_requests.create_model(spec, names_for(spec, digests_of(spec)), PACKAGE_ARN)
    assert request["Containers"] == [{"ModelPackageName": PACKAGE_ARN}]


@pytest.mark.parametrize("stage", Stage)
def test_an_endpoint_config_runs_one_variant_on_the_stages_fleet(stage: Stage) -> None:
    spec = a_spec(staging__instances=2, production__instance_type="ml.m5.large", production__instances=3)
    made = names_for(spec, digests_of(spec))
    request = resource_requests.create_endpoint_config(spec, made, stage)
    (variant,) = request["ProductionVariants"]
    expected = {Stage.STAGING: ("ml.c5.large", 2), Stage.PRODUCTION: ("ml.m5.large", 3)}
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == expected[stage]
    assert variant["ModelName"] == made.model
    assert request["EndpointConfigName"] == made.config(stage)


def test_updating_an_endpoint_sends_no_tags_which_aws_would_refuse() -> None:
    spec = a_spec()
    made = names_for(spec, digests_of(spec))
    assert set(resource_requests.update_endpoint(made, Stage.STAGING)) == {"EndpointName", "EndpointConfigName"}
    assert "Tags" in resource_requests.create_endpoint(made, Stage.STAGING)


SIZE = {"Type": "CAPACITY_PERCENT", "Value": 20}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (
            {"type": "all_at_once"},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300},
                    "TerminationWaitInSeconds": 300,
                }
            },
        ),
        (
            {"type": "canary", "percent": 20, "bake_seconds": 60, "timeout_seconds": 900, "alarms": ["5xx", "slow"]},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": SIZE},
                    "TerminationWaitInSeconds": 60,
                    "MaximumExecutionTimeoutInSeconds": 900,
                },
                "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "5xx"}, {"AlarmName": "slow"}]},
            },
        ),
        (
            {"type": "linear", "percent": 20, "bake_seconds": 0},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "LINEAR",
                        "WaitIntervalInSeconds": 0,
                        "LinearStepSize": SIZE,
                    },
                    "TerminationWaitInSeconds": 0,
                }
            },
        ),
        (
            {"type": "rolling", "percent": 20, "timeout_seconds": 3600},
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": SIZE,
                    "WaitIntervalInSeconds": 300,
                    "MaximumExecutionTimeoutInSeconds": 3600,
                }
            },
        ),
    ],
)
def test_production_is_updated_with_the_guardrails_that_the_spec_wants(
    wanted: dict[str, Any], expected: dict[str, Any]
) -> None:
    spec = a_spec(production__deployment=wanted)
    made = names_for(spec, digests_of(spec))
    request = resource_requests.update_endpoint(made, Stage.PRODUCTION, spec.deployment(Stage.PRODUCTION))
    assert request["DeploymentConfig"] == expected
    assert problems("UpdateEndpoint", request) == []
    assert spec.deployment(Stage.STAGING) is None
    assert "DeploymentConfig" not in resource_requests.update_endpoint(made, Stage.STAGING)
    assert "DeploymentConfig" not in resource_requests.create_endpoint(made, Stage.PRODUCTION)


def test_the_way_of_a_deployment_is_no_part_of_what_is_deployed() -> None:
    spec = a_spec()
    canary = a_spec(production__deployment={"type": "canary", "percent": 10})
    assert names_for(spec, digests_of(spec)) == names_for(canary, digests_of(canary))


def test_the_job_loads_staging_and_never_production() -> None:
    spec = a_spec(benchmark__stop={"latency": {"percentile": "P95", "ms": 200}})
    request = job_requests.create_inference_recommendations_job(spec, names_for(spec, digests_of(spec)), PACKAGE_ARN, 2)
    assert request["InputConfig"] == {
        "ModelPackageVersionArn": PACKAGE_ARN,
        "Endpoints": [{"EndpointName": "iris-staging"}],
    }
    assert request["StoppingConditions"] == {
        "ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 200}]
    }
    assert request["JobName"].endswith("-2")
    assert "StoppingConditions" not in job_requests.create_inference_recommendations_job(
        a_spec(), names_for(a_spec(), digests_of(a_spec())), PACKAGE_ARN
    )


def test_an_advanced_job_sends_the_spec_s_traffic_to_staging_and_to_each_configuration() -> None:
    spec = SPECS["advanced"]
    request = job_requests.create_inference_recommendations_job(spec, names_for(spec, digests_of(spec)), PACKAGE_ARN)
    ranges = {"CategoricalParameterRanges": [{"Name": "OMP_NUM_THREADS", "Value": ["1", "2"]}]}
    assert request["JobType"] == "Advanced"
    assert request["InputConfig"] == {
        "ModelPackageVersionArn": PACKAGE_ARN,
        "Endpoints": [{"EndpointName": "iris-staging"}],
        "TrafficPattern": {
            "TrafficType": "PHASES",
            "Phases": [{"InitialNumberOfUsers": 1, "SpawnRate": 1, "DurationInSeconds": 120}],
        },
        "EndpointConfigurations": [
            {"InstanceType": "ml.c5.large", "EnvironmentParameterRanges": ranges},
            {"InstanceType": "ml.c5.xlarge", "EnvironmentParameterRanges": ranges},
        ],
        "ResourceLimit": {"MaxNumberOfTests": 4, "MaxParallelOfTests": 2},
        "JobDurationInSeconds": 7200,
    }
    assert request["StoppingConditions"] == {"MaxInvocations": 1000, "FlatInvocations": "Continue"}


def test_measured_again_a_job_takes_its_types_from_the_run_and_not_from_the_package() -> None:
    def inputs(spec: PipelineSpec) -> Any:
        names, types = names_for(spec, digests_of(spec)), ["ml.c5.xlarge", "ml.m5.large"]
        return job_requests.create_inference_recommendations_job(spec, names, PACKAGE_ARN, 1, types)["InputConfig"]

    wanted = {"SupportedInstanceTypes": ["ml.c5.xlarge", "ml.m5.large"]}
    unlimited = {**ADVANCED, "resource_limit": None}
    default = inputs(a_spec())
    advanced = inputs(a_spec(benchmark=unlimited, production__instance="cheapest_passing"))
    assert default["ContainerConfig"] == advanced["ContainerConfig"] == wanted
    assert "EndpointConfigurations" not in default
    # What the spec tests, and the new type as it is.
    assert [each["InstanceType"] for each in advanced["EndpointConfigurations"]] == [
        "ml.c5.large",
        "ml.c5.xlarge",
        "ml.m5.large",
    ]
    assert advanced["EndpointConfigurations"][-1] == {"InstanceType": "ml.m5.large"}
    with pytest.raises(SpecError, match="makes 5 tests with those of benchmark, of at most 4"):
        inputs(SPECS["advanced"])


def test_stairs_and_configurations_of_their_own() -> None:
    stairs = {"duration_in_seconds": 600, "number_of_steps": 5, "users_per_step": 2}
    own = [{"instance_type": "ml.c5.xlarge"}]
    changed = {**ADVANCED, "traffic": {"stairs": stairs}, "endpoint_configurations": own, "environment_ranges": {}}
    spec = a_spec(benchmark=changed)
    inputs = job_requests.create_inference_recommendations_job(spec, names_for(spec, digests_of(spec)), PACKAGE_ARN)
    assert inputs["InputConfig"]["TrafficPattern"] == {
        "TrafficType": "STAIRS",
        "Stairs": {"DurationInSeconds": 600, "NumberOfSteps": 5, "UsersPerStep": 2},
    }
    assert inputs["InputConfig"]["EndpointConfigurations"] == [{"InstanceType": "ml.c5.xlarge"}]


def test_the_verdict_reaches_the_package_on_one_line_with_the_way_to_the_evidence() -> None:
    request = resource_requests.reject_package(PACKAGE_ARN, "a\nb" + "x" * 2000, evidence())
    assert request["ModelApprovalStatus"] == "Rejected"
    assert request["ApprovalDescription"].startswith("a b")
    assert request["ApprovalDescription"].endswith("...")
    assert len(request["ApprovalDescription"]) == resource_requests.APPROVAL_DESCRIPTION_MAX
    assert request["CustomerMetadataProperties"]["sluice:evidence-sha256"] == "a" * 64
    assert resource_requests.approve_package(PACKAGE_ARN, "ok", {})["ModelApprovalStatus"] == "Approved"
    assert "CustomerMetadataProperties" not in resource_requests.approve_package(PACKAGE_ARN, "ok", {})
