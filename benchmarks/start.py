"""How long it takes until the server is ready, and until an endpoint of three containers is InService.

    python -m benchmarks.start [--rounds 5]

`serve` is started as a user starts it, on an empty data directory; ready is when it says so. Then an endpoint of three
scikit-learn containers is created, whose model loads at once, and described every 20 ms until it is InService; its time
is from CreateEndpoint on. The environment of the image is made before the first round and not counted. Beside the wall
clock stands the CPU time of the server and its gateway processes until they are ready, which other work moves less.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from typing import Any

import boto3

from benchmarks.chain import cpu_s

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/benchmark"
CODE = b"def model_fn(model_dir):\n    return None\n\ndef predict_fn(data, model):\n    return data\n"
READY = "sagemaker-local ready "
POLL_S = 0.02
BOUND_S = 900.0  # making the image's environment takes minutes on a slow line


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    measured = [_round() for _ in range(rounds + 1)][1:]
    for position, title in enumerate(("serve is ready, s", "CPU until then, s", "endpoint InService, s")):
        values = [each[position] for each in measured]
        print(f"{title:24} {statistics.median(values):6.2f} ({min(values):.2f} to {max(values):.2f})")


def _round() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "include.sagemaker_local", "serve", "--port", "0", "--data-dir", directory]
        began_s = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            ready_s = time.monotonic() - began_s
            if not line.startswith(READY):
                sys.exit("the server did not start")
            used_s = cpu_s(process.pid)
            return ready_s, used_s, _in_service_s(line.removeprefix(READY).strip())
        finally:
            process.terminate()
            process.wait()


def _in_service_s(url: str) -> float:
    s3, sagemaker = _client("s3", url), _client("sagemaker", url)
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=_artifact())
    container = {
        "Image": IMAGE,
        "ModelDataUrl": "s3://models/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }
    containers = [{**container, "ContainerHostname": name} for name in ("first", "second", "third")]
    sagemaker.create_model(ModelName="m", Containers=containers, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    began_s = time.monotonic()
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    while (status := sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"]) == "Creating":
        if time.monotonic() - began_s > BOUND_S:
            sys.exit("the endpoint does not come up")
        time.sleep(POLL_S)
    if status != "InService":
        sys.exit(f"the endpoint is {status}")
    return time.monotonic() - began_s


def _artifact() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(CODE)
        archive.addfile(member, io.BytesIO(CODE))
    return buffer.getvalue()


def _client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 - the local SageMaker takes any
    )


if __name__ == "__main__":
    main()
