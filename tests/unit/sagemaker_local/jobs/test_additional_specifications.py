"""Benchmarks of what a package has in AdditionalInferenceSpecifications."""

from __future__ import annotations

from pathlib import Path

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.jobs.additional_specifications import additional_containers
from include.sagemaker_local.lifecycle import JobStatus
from include.sagemaker_local.store.records import Json
from tests.fakes.recommendation_bench import JobBench
from tests.fakes.recommendations import CONTAINERS, package_record

FAST: Json = {
    "Name": "fast",
    "Containers": [
        {"Image": "a", "ModelDataUrl": "s3://b/a.tar.gz", "Environment": {"WORKERS": "4"}},
        {"Image": "b", "ModelDataSource": {"S3DataSource": {"S3Uri": "s3://b/b.tar.gz"}}},
        {"Image": "c"},
    ],
}
NAMED: Json = {"Name": "named", "Containers": [{"Image": "a", "ContainerHostname": "first"}]}


def test_their_containers_are_those_that_a_model_of_them_would_have() -> None:
    package = package_record(AdditionalInferenceSpecifications=[FAST, NAMED])

    assert additional_containers(package) == {
        "fast": (
            Container("container-1", "a", "s3://b/a.tar.gz", {"WORKERS": "4"}),
            Container("container-2", "b", "s3://b/b.tar.gz"),
            Container("container-3", "c", None),
        ),
        "named": (Container("first", "a", None),),
    }
    assert additional_containers(package_record()) == {}


def test_a_benchmark_runs_the_specification_that_it_names(tmp_path: Path) -> None:
    bench = JobBench(tmp_path)
    bench.package(AdditionalInferenceSpecifications=[FAST])
    ranges = {"CategoricalParameterRanges": [{"Name": "WORKERS", "Value": ["8"]}]}
    fast = {"InstanceType": "ml.c5.large", "InferenceSpecificationName": "fast", "EnvironmentParameterRanges": ranges}

    outcome = bench.run(EndpointConfigurations=[{"InstanceType": "ml.c5.large"}, fast])

    own, additional = (deployment.variants[0].containers for deployment in bench.fleets.opened)
    assert own == CONTAINERS
    assert [container.image for container in additional] == ["a", "b", "c"]
    assert additional[0].environment == {"WORKERS": "8"}
    assert bench.benchmark(0)["ModelConfiguration"] == {}
    configuration = {
        "InferenceSpecificationName": "fast",
        "EnvironmentParameters": [{"Key": "WORKERS", "ValueType": "string", "Value": "8"}],
    }
    assert bench.benchmark(1)["ModelConfiguration"] == configuration
    assert configuration in [one["ModelConfiguration"] for one in outcome.recommendations]


def test_one_that_is_no_longer_there_is_a_failed_step(tmp_path: Path) -> None:
    bench = JobBench(tmp_path)
    bench.package()
    gone = {"InstanceType": "ml.c5.large", "InferenceSpecificationName": "gone"}

    bench.run(EndpointConfigurations=[gone, {"InstanceType": "ml.c5.large"}])

    assert bench.step_ends() == [
        (JobStatus.FAILED, "The package has no additional inference specification named gone."),
        (JobStatus.COMPLETED, None),
    ]
