"""Rows a second of a transform job through three containers, beside a loop of InvokeEndpoint calls on the same ones.

    python -m benchmarks.transform [--rows 1000000] [--rounds 5] [--loop-seconds 5] [--containers echo|numbers]

One server, as `serve` starts it; a model of three scikit-learn containers on ml.m5.large: `echo` answers what it is
asked, `numbers` reads each row, adds 1 to every cell and writes it again. A transform job takes one CSV file of that
many rows with three cells each (SplitType Line, MaxPayloadInMB 6, MaxConcurrentTransforms 4); its time is from
TransformStartTime to TransformEndTime, so the start and end of its own fleet are in it, and once more from the first
line of its data-log, which is written when its fleet is up. The same with a row a request (SingleRecord, 16 at a time)
on a hundredth of the rows. The loops are boto3's invoke_endpoint on an endpoint of
the same model, one call after the other, for some seconds each, with 1, 100 and 10,000 rows a call.

Rounds are interleaved; printed are medians with the lowest and highest. Containers and server share the machine's CPUs.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import boto3

from include.examples.breast_cancer.pack import pack

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/benchmark"
INSTANCE_TYPE = "ml.m5.large"
CONTAINERS = 3
ROWS_PER_CALL = (1, 100, 10_000)
SINGLE_RECORD_SHARE = 100
LOG_GROUP = "/aws/sagemaker/TransformJobs"
READY = "sagemaker-local ready "
BOUND_S = 1800.0  # of one wait: making the image's environment takes minutes on a slow line
POLL_S = 0.2
MODEL = b"def model_fn(model_dir):\n    return None\n"
CODE = {
    "echo": MODEL + b"def transform_fn(model, body, content_type, accept):\n    return body, 'text/csv'\n",
    "numbers": MODEL
    + b"""
def transform_fn(model, body, content_type, accept):
    text = body.decode() if isinstance(body, bytes) else body
    rows = [[float(cell) + 1 for cell in line.split(",")] for line in text.splitlines()]
    return "".join(",".join(map(repr, row)) + "\\n" for row in rows), "text/csv"
""",
}


Rates: TypeAlias = dict[str, float]


def main() -> None:
    """Measure and print the table."""
    arguments = _arguments()
    rates: dict[str, list[float]] = defaultdict(list)
    with _server() as url:
        _deploy(url, CODE[arguments.containers])
        rows = _rows(arguments.rows)
        ways = _ways(url, rows, arguments.loop_seconds)
        for number in range(arguments.rounds):
            for measure in ways:
                for name, rate in measure(str(number)).items():
                    rates[name].append(rate)
    print(
        f"{arguments.rows:,} rows, {sum(map(len, rows)) / 1e6:.0f} MB, {CONTAINERS} containers ({arguments.containers})"
    )
    print(f"{'':42} {'rows/s':>10} {'(min':>10} {'max)':>10}")
    for name, measured in rates.items():
        print(f"{name:42} {statistics.median(measured):10,.0f} {min(measured):10,.0f} {max(measured):10,.0f}")
    _report_ratios(rates)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loop-seconds", type=float, default=5.0)
    parser.add_argument("--containers", choices=sorted(CODE), default="echo")
    return parser.parse_args()


def _rows(number: int) -> list[bytes]:
    return [b"%d,%d,%d\n" % (row, 2 * row, 3 * row) for row in range(number)]


def _ways(url: str, rows: list[bytes], loop_s: float) -> list[Callable[[str], Rates]]:
    """What is measured, in the order of a round; each takes a word that is new and gives rows a second by name."""
    few = rows[: max(1, len(rows) // SINGLE_RECORD_SHARE)]
    s3 = _client("s3", url)
    s3.put_object(Bucket="bench", Key="many/rows.csv", Body=b"".join(rows))
    s3.put_object(Bucket="bench", Key="few/rows.csv", Body=b"".join(few))
    many_at_once = {"BatchStrategy": "MultiRecord", "MaxPayloadInMB": 6, "MaxConcurrentTransforms": 4}
    one_by_one = {"BatchStrategy": "SingleRecord", "MaxPayloadInMB": 1, "MaxConcurrentTransforms": 16}
    return [
        lambda word: _transform(url, f"many-{word}", len(rows), many_at_once),
        lambda word: _transform(url, f"few-{word}", len(few), one_by_one),
        *(_looping(url, rows[:count], loop_s) for count in ROWS_PER_CALL),
    ]


def _looping(url: str, rows: list[bytes], seconds: float) -> Callable[[str], Rates]:
    name = f"loop of InvokeEndpoint, {len(rows):,} rows a call"
    return lambda _: {name: _loop(url, b"".join(rows), seconds)}


def _transform(url: str, name: str, rows: int, tuning: Mapping[str, Any]) -> Rates:
    sagemaker, prefix = _client("sagemaker", url), name.partition("-")[0]
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://bench/{prefix}/"}}
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName="bench",
        TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": f"s3://bench/out/{name}/", "Accept": "text/csv", "AssembleWith": "Line"},
        TransformResources={"InstanceType": INSTANCE_TYPE, "InstanceCount": 1},
        **tuning,
    )
    job = _until(lambda: sagemaker.describe_transform_job(TransformJobName=name), "TransformJobStatus", "Completed")
    output = _client("s3", url).get_object(Bucket="bench", Key=f"out/{name}/rows.csv.out")["Body"].read()
    if output.count(b"\n") != rows:
        sys.exit(f"{name} gave {output.count(bytes([10]))} results for {rows} rows")
    began_s, ended_s = job["TransformStartTime"].timestamp(), job["TransformEndTime"].timestamp()
    title = f"transform job, {tuning['BatchStrategy']}"
    return {title: rows / (ended_s - began_s), f"{title}, fleet up": rows / (ended_s - _up_since_s(url, name))}


def _up_since_s(url: str, name: str) -> float:
    """When the job's fleet had come up: it says then how it is going to ask."""
    found = _client("logs", url).filter_log_events(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{name}/")["events"]
    return min(float(event["timestamp"]) for event in found if event["logStreamName"].endswith("/data-log")) / 1000


def _loop(url: str, body: bytes, seconds: float) -> float:
    runtime, rows, began_s = _client("sagemaker-runtime", url), 0, time.monotonic()
    while (passed_s := time.monotonic() - began_s) < seconds or not rows:
        answer = runtime.invoke_endpoint(EndpointName="bench", ContentType="text/csv", Accept="text/csv", Body=body)
        rows += answer["Body"].read().count(b"\n")
    return rows / passed_s


def _deploy(url: str, code: bytes) -> None:
    s3, sagemaker = _client("s3", url), _client("sagemaker", url)
    s3.create_bucket(Bucket="bench")
    s3.put_object(Bucket="bench", Key="model.tar.gz", Body=pack({"code/inference.py": code}))
    environment = {"SAGEMAKER_PROGRAM": "inference.py"}
    container = {"Image": IMAGE, "ModelDataUrl": "s3://bench/model.tar.gz", "Environment": environment}
    sagemaker.create_model(ModelName="bench", ExecutionRoleArn=ROLE, Containers=[container] * CONTAINERS)
    variant = {"VariantName": "v", "ModelName": "bench", "InstanceType": INSTANCE_TYPE, "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="bench", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="bench", EndpointConfigName="bench")
    _until(lambda: sagemaker.describe_endpoint(EndpointName="bench"), "EndpointStatus", "InService")


def _until(describe: Callable[[], dict[str, Any]], member: str, wanted: str) -> dict[str, Any]:
    deadline_s = time.monotonic() + BOUND_S
    while (found := describe())[member] != wanted:
        if found[member] in ("Failed", "Stopped") or time.monotonic() > deadline_s:
            sys.exit(f"{member} is {found[member]}: {found.get('FailureReason')}")
        time.sleep(POLL_S)
    return found


def _report_ratios(rates: Mapping[str, list[float]]) -> None:
    """Of each round, so that both had the same machine; of these, the median."""
    whole, up, *_ = rates
    for job, name in ((job, name) for name in rates if name.startswith("loop") for job in (whole, up)):
        ratios = [ours / theirs for ours, theirs in zip(rates[job], rates[name], strict=True)]
        print(f"{job} / {name}: {statistics.median(ratios):,.2f} ({min(ratios):,.2f} to {max(ratios):,.2f})")


def _client(service: str, url: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 - the local SageMaker takes any
    )


@contextlib.contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "log")
        command = [sys.executable, "-m", "include.sagemaker_local", "serve", "--port", "0", "--data-dir"]
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [*command, str(Path(directory, "data"))], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith(READY):
                sys.exit(f"the server did not start:\n{log.read_text()}")
            yield line.removeprefix(READY).strip()
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
