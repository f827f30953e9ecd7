"""How long a Default job on the sample pipeline's existing endpoint takes, and how far two runs of it lie apart.

    python -m benchmarks.recommend [--runs 4]

One server, as `serve` starts it, with the sample pipeline (scikit-learn, XGBoost, scikit-learn) on an ml.c5.large
endpoint. Jobs on that endpoint follow one another, each with the package's one instance type beside the endpoint, as
in the sample's spec. Printed are each job's time from CreateInferenceRecommendationsJob to COMPLETED as its caller sees
it, what it says of the endpoint and of its own fleet, and by how much the highest of all runs exceeds the lowest.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from include.demo.local_server import local_sagemaker
from include.examples.breast_cancer import train

REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
ROLE = "arn:aws:iam::123456789012:role/benchmark"
INSTANCE_TYPE = "ml.c5.large"
BUCKET = "bench"
ENDPOINT = "sample"
BOUND_S = 1800.0  # of one wait: making the images' environments takes minutes on a slow line
POLL_S = 0.2


@dataclass(frozen=True)
class Outcome:
    """What one job said: of the endpoint, and of the fleet of its own."""

    seconds: float
    endpoint: tuple[float, float]  # MaxInvocations, ModelLatency
    fleet: tuple[float, float]


def main() -> None:
    """Run the jobs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4)
    runs = parser.parse_args().runs
    print(f"{'job':>4} {'seconds':>8} {'endpoint: a minute':>19} {'ms':>5} {'own fleet: a minute':>20} {'ms':>5}")
    outcomes = []
    with sample_endpoint() as (url, package_arn):
        for number in range(runs):
            outcome = run_job(url, package_arn, f"job-{number}")
            (invocations, latency), (own, own_latency) = outcome.endpoint, outcome.fleet
            print(
                f"{number:4} {outcome.seconds:8.1f} {invocations:19,.0f} {latency:5.0f} {own:20,.0f} {own_latency:5.0f}"
            )
            outcomes.append(outcome)
    for name, column in (
        ("endpoint", [each.endpoint for each in outcomes]),
        ("own fleet", [o.fleet for o in outcomes]),
    ):
        for member, values in zip(("MaxInvocations", "ModelLatency"), zip(*column, strict=True), strict=True):
            print(f"{name} {member}: the highest is {max(values) / min(values) - 1:.1%} above the lowest")
    print(f"the longest job took {max(each.seconds for each in outcomes):.1f} s")


def run_job(url: str, package_arn: str, name: str) -> Outcome:
    """One Default job on the endpoint, waited for."""
    sagemaker, began_s = client("sagemaker", url), time.monotonic()
    inputs = {"ModelPackageVersionArn": package_arn, "Endpoints": [{"EndpointName": ENDPOINT}]}
    sagemaker.create_inference_recommendations_job(JobName=name, JobType="Default", RoleArn=ROLE, InputConfig=inputs)
    job = until(lambda: sagemaker.describe_inference_recommendations_job(JobName=name), "Status", "COMPLETED")
    seconds = time.monotonic() - began_s
    endpoint, own = job["EndpointPerformances"][0]["Metrics"], job["InferenceRecommendations"][0]["Metrics"]
    return Outcome(
        seconds,
        (endpoint["MaxInvocations"], endpoint["ModelLatency"]),
        (own["MaxInvocations"], own["ModelLatency"]),
    )


@contextlib.contextmanager
def sample_endpoint() -> Iterator[tuple[str, str]]:
    """The URL of a server with the sample pipeline in service, and the ARN of its package."""
    with tempfile.TemporaryDirectory() as directory, local_sagemaker(Path(directory, "data")) as url:
        package_arn = _deploy(url, train.build(Path(directory, "sample")))
        yield url, package_arn


def client(service: str, url: str) -> Any:
    """A boto3 client of the server."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 - the local SageMaker takes any
    )


def _deploy(url: str, sample: train.SamplePipeline) -> str:
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket=BUCKET)
    for name in ("featurize", "predict", "label", "payload"):
        s3.upload_file(str(getattr(sample, name)), BUCKET, f"{name}.tar.gz")
    script = {"SAGEMAKER_PROGRAM": "inference.py"}
    containers = [
        _container("featurize", train.SKLEARN_IMAGE, {**script, "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}),
        _container("predict", train.XGBOOST_IMAGE, {}),
        _container("label", train.SKLEARN_IMAGE, script),
    ]
    sagemaker.create_model_package_group(ModelPackageGroupName="sample")
    package = sagemaker.create_model_package(
        ModelPackageGroupName="sample",
        Domain="MACHINE_LEARNING",
        Task="CLASSIFICATION",
        SamplePayloadUrl=f"s3://{BUCKET}/payload.tar.gz",
        InferenceSpecification={
            "Containers": [
                {**each, "Framework": "SAGEMAKER-SCIKIT-LEARN", "FrameworkVersion": "1.4-2"} for each in containers
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
            "SupportedRealtimeInferenceInstanceTypes": [INSTANCE_TYPE],
        },
    )
    sagemaker.create_model(ModelName=ENDPOINT, ExecutionRoleArn=ROLE, Containers=containers)
    variant = {"VariantName": "v", "ModelName": ENDPOINT, "InstanceType": INSTANCE_TYPE, "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    until(lambda: sagemaker.describe_endpoint(EndpointName=ENDPOINT), "EndpointStatus", "InService")
    return str(package["ModelPackageArn"])


def _container(name: str, image: str, environment: dict[str, str]) -> dict[str, Any]:
    return {
        "ContainerHostname": name,
        "Image": f"{REGISTRY}/{image}",
        "ModelDataUrl": f"s3://{BUCKET}/{name}.tar.gz",
        "Environment": environment,
    }


def until(describe: Callable[[], dict[str, Any]], member: str, wanted: str) -> dict[str, Any]:
    """The description once its `member` is what is wanted; ends the program when it failed or takes too long."""
    deadline_s = time.monotonic() + BOUND_S
    while (found := describe())[member] != wanted:
        if found[member].upper() in ("FAILED", "STOPPED") or time.monotonic() > deadline_s:
            sys.exit(f"{member} is {found[member]}: {found.get('FailureReason')}")
        time.sleep(POLL_S)
    return found


if __name__ == "__main__":
    main()
