"""How far off estimates of larger sizes are, and whether their bounds hold: held-out sizes are measured and predicted.

    python -m benchmarks.estimate [--work-ms 20] [--workers 1 2 4 8 16] [--stage-seconds 3]

A host has few sizes to measure by its cores, so a size is a number of workers here: a container whose answers take a
wait and no CPU scales with them as one that computes does with cores, until what they share (front, gateway, load) is
what limits it. One recommendation job measures all sizes on fleets of their own. Then each size from the third on is
predicted from those below it, as `serve --estimate-instance-types` predicts, and compared with what was measured.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.recommend import BUCKET, INSTANCE_TYPE, REGISTRY, ROLE, client, until
from include.demo.local_server import local_sagemaker
from include.examples.breast_cancer.train import SKLEARN_IMAGE
from include.sagemaker_local.jobs.estimate import estimate
from include.sagemaker_local.jobs.scaling_curve import Point

CODE = """
import time

def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    time.sleep({seconds})
    return data

def output_fn(prediction, accept):
    return prediction
"""
WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"
RUN_TO_RUN = 0.05  # as in jobs/estimation.py
JOB = "sizes"


def main() -> None:
    """Measure, predict, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-ms", type=float, default=20.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--stage-seconds", type=float, default=3.0)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        local_sagemaker(Path(directory, "data"), stage_s=options.stage_seconds) as url,
    ):
        points = measure(url, package(url, options.work_ms / 1000), options.workers)
    print(f"{'size':>5} {'measured a minute':>18} {'+-':>5}")
    for point in points:
        print(f"{point.vcpus:5} {point.per_minute:18,.0f} {point.relative_error:5.0%}")
    print(f"\n{'from':>12} {'size':>5} {'predicted':>10} {'bounds':>20} {'error':>8}  bounds hold")
    for number in range(2, len(points)):
        known, held_out = points[:number], points[number]
        found = estimate(known, held_out.vcpus)
        holds = found.low <= held_out.per_minute <= found.high
        sizes = ", ".join(str(point.vcpus) for point in known)
        print(
            f"{sizes:>12} {held_out.vcpus:5} {found.per_minute:10,.0f} {found.low:9,.0f} .. {found.high:7,.0f} "
            f"{found.per_minute / held_out.per_minute - 1:+8.1%}  {'yes' if holds else 'no'}"
        )


def measure(url: str, package_arn: str, workers: list[int]) -> list[Point]:
    """What each number of workers does, from the job's stored measurement."""
    sagemaker = client("sagemaker", url)
    wanted = [
        {
            "InstanceType": INSTANCE_TYPE,
            "EnvironmentParameterRanges": {
                "CategoricalParameterRanges": [{"Name": WORKERS, "Value": [str(number)]}],
            },
        }
        for number in sorted(workers)
    ]
    sagemaker.create_inference_recommendations_job(
        JobName=JOB,
        JobType="Default",
        RoleArn=ROLE,
        InputConfig={"ModelPackageVersionArn": package_arn, "EndpointConfigurations": wanted},
        OutputConfig={"CompiledOutputConfig": {"S3OutputUri": f"s3://{BUCKET}/out"}},
    )
    until(lambda: sagemaker.describe_inference_recommendations_job(JobName=JOB), "Status", "COMPLETED")
    body = client("s3", url).get_object(Bucket=BUCKET, Key=f"out/{JOB}/job.json")["Body"].read()
    return [_point(test) for test in json.loads(body)["tests"]]


def package(url: str, work_s: float) -> str:
    """The ARN of a package whose one container waits so long for every answer."""
    s3, sagemaker = client("s3", url), client("sagemaker", url)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=_archive("code/inference.py", CODE.format(seconds=work_s)))
    s3.put_object(Bucket=BUCKET, Key="payload.tar.gz", Body=_archive("payload.txt", "x"))
    container = {
        "Image": f"{REGISTRY}/{SKLEARN_IMAGE}",
        "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "Framework": "SAGEMAKER-SCIKIT-LEARN",
    }
    sagemaker.create_model_package_group(ModelPackageGroupName=JOB)
    made = sagemaker.create_model_package(
        ModelPackageGroupName=JOB,
        Domain="MACHINE_LEARNING",
        Task="OTHER",
        SamplePayloadUrl=f"s3://{BUCKET}/payload.tar.gz",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/plain"],
            "SupportedResponseMIMETypes": ["text/plain"],
        },
    )
    return str(made["ModelPackageArn"])


def _point(test: dict[str, Any]) -> Point:
    (parameter,) = test["benchmark"]["ModelConfiguration"]["EnvironmentParameters"]
    figures = test["figures"]["max_invocations"]
    half_width = (figures["high"] - figures["low"]) / 2 / figures["value"] if figures["high"] is not None else 0.0
    return Point(int(parameter["Value"]), figures["value"], max(RUN_TO_RUN, half_width))


def _archive(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(text.encode())
        archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


if __name__ == "__main__":
    main()
