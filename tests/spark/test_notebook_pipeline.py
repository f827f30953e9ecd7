"""AWS's notebook pipeline of Spark ML and XGBoost, on the real server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from include.examples.abalone.deploy import Aws, ask, deploy
from include.examples.abalone.train import Pipeline
from tests.e2e.test_batch_transform import request, results, status
from tests.fakes.server_process import ServerProcess, alive, server_process

BOUND_S = 300.0  # a container starts in some ten seconds, and in minutes on a machine that does much else


def until(condition: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {BOUND_S:g} s: {what}"
        time.sleep(0.1)


def has_java(server: ServerProcess) -> bool:
    return any(b"PythonGatewayServer" in command(pid) for pid, _ in server.descendants())


def command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def test_spark_ml_and_xgboost_hand_csv_on_and_leave_nothing_behind(abalone: Pipeline, tmp_path: Path) -> None:
    with server_process(tmp_path / "data", "--startup-timeout", "240") as server:
        aws = Aws(server.url)
        endpoint = deploy(aws, abalone.first.parent)
        predicted = [float(ask(aws, endpoint, row)) for row in abalone.held_out]
        errors = [(score - rings) ** 2 for score, rings in zip(predicted, abalone.rings, strict=True)]
        assert sum(errors) / len(errors) < 2
        aws.client("sagemaker").delete_endpoint(EndpointName=endpoint)
        until(lambda: not has_java(server), "the endpoint's Java machine is gone")

        aws.client("s3").create_bucket(Bucket="data")
        aws.client("s3").put_object(Bucket="data", Key="in/rows.csv", Body="\n".join(abalone.held_out).encode())
        # One row for each request: what Spark's container asks for in its /execution-parameters.
        job = request("spark", "in/", ModelName=endpoint)
        del job["MaxPayloadInMB"]
        aws.client("sagemaker").create_transform_job(**job)
        until(lambda: has_java(server), "its Java machine runs")
        until(lambda: status(server.url, "spark") != "InProgress", "the job ends")
        assert status(server.url, "spark") == "Completed"
        lines = results(server.url, "spark")["rows.csv.out"].splitlines()
        assert [float(line) for line in lines] == predicted

        aws.client("sagemaker").create_transform_job(**{**job, "TransformJobName": "again"})
        until(lambda: has_java(server), "its Java machine runs")
        orphans = server.descendants()
        server.end(kill=True)
    until(lambda: not alive(orphans), "Java dies with the server")
