"""Batch transform on real containers: thousands of rows, a bad file among good ones, and Airflow's own operator."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_killed_server import IMAGE, ROLE, artifact, wait_until
from tests.fakes.aws_server import client
from tests.fakes.server_process import ServerProcess, alive, server_process

pytestmark = pytest.mark.slow

ROWS = 5000
LARGER_THAN_AN_INVOCATION = 40 * 1024 * 1024
# The first container adds up each row, the second one says how large that is.
ADD = """
def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    text = body.decode() if isinstance(body, bytes) else body
    return [[float(cell) for cell in line.split(",")] for line in text.splitlines()]

def predict_fn(rows, model):
    return [sum(row) for row in rows]

def output_fn(sums, accept):
    return "".join(f"{each}\\n" for each in sums), "text/csv"
"""
NAME = ADD.replace("[sum(row) for row in rows]", "['large' if row[0] >= 10000 else 'small' for row in rows]")
SIZE = ADD.replace("text.splitlines()", "[str(len(text))]")
SLOW = ADD.replace("[sum(row) for row in rows]", "__import__('time').sleep(600)")


def model(url: str, name: str, *codes: str) -> None:
    s3 = client("s3", url)
    containers = []
    for number, code in enumerate(codes):
        key = f"{name}/{number}.tar.gz"
        s3.put_object(Bucket="models", Key=key, Body=artifact(code))
        environment = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
        containers.append({"Image": IMAGE, "ModelDataUrl": f"s3://models/{key}", "Environment": environment})
    client("sagemaker", url).create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=containers)


def request(name: str, prefix: str, **changes: Any) -> dict[str, Any]:
    return {
        "TransformJobName": name,
        "ModelName": "pipeline",
        "MaxConcurrentTransforms": 2,
        "MaxPayloadInMB": 1,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://data/{prefix}"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
            **changes.pop("source", {}),
        },
        "TransformOutput": {"S3OutputPath": f"s3://data/out/{name}/", "Accept": "text/csv", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **changes,
    }


def status(url: str, name: str) -> str:
    return str(client("sagemaker", url).describe_transform_job(TransformJobName=name)["TransformJobStatus"])


def ended(url: str, name: str) -> dict[str, Any]:
    wait_until(lambda: status(url, name) not in ("InProgress", "Stopping"), f"{name} has ended")
    answer: dict[str, Any] = client("sagemaker", url).describe_transform_job(TransformJobName=name)
    return answer


def results(url: str, name: str) -> dict[str, bytes]:
    s3, prefix = client("s3", url), f"out/{name}/"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="data", Prefix=prefix).get("Contents", [])]
    return {key.removeprefix(prefix): s3.get_object(Bucket="data", Key=key)["Body"].read() for key in keys}


def upload(url: str, files: dict[str, bytes]) -> None:
    for key, body in files.items():
        client("s3", url).put_object(Bucket="data", Key=key, Body=body)


def containers(server: ServerProcess) -> set[tuple[int, str]]:
    """The processes of its containers; the server has others besides."""
    return {one for one in server.descendants() if b"--framework=" in command_line(one[0])}


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def test_thousands_of_rows_with_a_bad_file_among_good_ones(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number * 2},{number * 3}\n" for number in range(ROWS)).encode()
    expected = [b"large" if number * 6 >= 10000 else b"small" for number in range(ROWS)]
    joined = b"".join(b"%d,%b\n" % (number, each) for number, each in enumerate(expected))
    with server_process(tmp_path / "data") as server:
        url = server.url
        for bucket in ("models", "data"):
            client("s3", url).create_bucket(Bucket=bucket)
        model(url, "pipeline", ADD, NAME)
        upload(url, {"in/a.csv": rows, "in/bad.csv": b"1,2,3\nnot,a,number\n", "in/sub/c.csv": b"1,2,3\n"})
        upload(url, {"zip/a.csv.gz": gzip.compress(rows)})
        sagemaker = client("sagemaker", url)

        sagemaker.create_transform_job(**request("files", "in/"))
        job = ended(url, "files")
        assert job["TransformJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("AlgorithmError: See job logs for more information. 1 of 3 files failed")
        assert "s3://data/in/bad.csv" in job["FailureReason"]
        assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
        found = results(url, "files")
        assert sorted(found) == ["a.csv.out", "sub/c.csv.out"]
        assert found["a.csv.out"].split() == expected
        logs, group = client("logs", url), "/aws/sagemaker/TransformJobs"
        streams = [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=group)["logStreams"]]
        assert {name.split("/")[0] for name in streams} == {"files"}
        assert sorted(name.rpartition("/")[2] for name in streams) == ["container-1", "container-2", "data-log"]

        processing = {"JoinSource": "Input", "OutputFilter": "$[0,-1]"}
        sagemaker.create_transform_job(
            **request("joined", "zip/", source={"CompressionType": "Gzip"}, DataProcessing=processing)
        )
        assert ended(url, "joined")["TransformJobStatus"] == "Completed"
        assert results(url, "joined") == {"a.csv.gz.out": joined}
        assert containers(server) == set()

        model(url, "size", SIZE)
        upload(url, {"big/a.bin": b"x" * LARGER_THAN_AN_INVOCATION})
        whole = {"ContentType": "application/octet-stream", "SplitType": "None"}
        sagemaker.create_transform_job(**request("big", "big/", source=whole, ModelName="size", MaxPayloadInMB=50))
        assert ended(url, "big")["TransformJobStatus"] == "Completed"
        assert results(url, "big") == {"a.bin.out": b"%d.0\n" % LARGER_THAN_AN_INVOCATION}
        server.end(kill=True)

    with server_process(tmp_path / "data") as server:
        assert results(server.url, "joined") == {"a.csv.gz.out": joined}
        assert status(server.url, "joined") == "Completed"


def test_a_job_begins_anew_after_kill_9_and_leaves_nothing_when_it_is_stopped(
    tmp_path: Path,
) -> None:
    with server_process(tmp_path / "data") as server:
        for bucket in ("models", "data"):
            client("s3", server.url).create_bucket(Bucket=bucket)
        model(server.url, "pipeline", SLOW)
        upload(server.url, {"in/a.csv": b"1,2\n"})
        client("sagemaker", server.url).create_transform_job(**request("slow", "in/"))
        wait_until(lambda: containers(server), "its container runs")
        orphans = containers(server)
        server.end(kill=True)
    wait_until(lambda: not alive(orphans), "its container dies with the server")

    with server_process(tmp_path / "data") as server:
        wait_until(lambda: containers(server), "its container runs again")
        assert status(server.url, "slow") == "InProgress"
        client("sagemaker", server.url).stop_transform_job(TransformJobName="slow")
        assert ended(server.url, "slow")["TransformJobStatus"] == "Stopped"
        assert results(server.url, "slow") == {}
        assert containers(server) == set()
