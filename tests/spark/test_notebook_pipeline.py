"""AWS's notebook pipeline of Spark ML and XGBoost, on the real server."""

from __future__ import annotations

import contextlib
from pathlib import Path

from include.examples.abalone.deploy import Aws, ask, deploy
from include.examples.abalone.train import Pipeline
from tests.e2e.test_batch_transform import ended, request, results
from tests.e2e.test_killed_server import wait_until
from tests.fakes.server_process import ServerProcess, alive, server_process


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
        wait_until(lambda: not server.descendants(), "the endpoint's processes are gone")

        aws.client("s3").create_bucket(Bucket="data")
        aws.client("s3").put_object(Bucket="data", Key="in/rows.csv", Body="\n".join(abalone.held_out).encode())
        # One row for each request: what Spark's container asks for in its /execution-parameters.
        job = request("spark", "in/", ModelName=endpoint)
        del job["MaxPayloadInMB"]
        aws.client("sagemaker").create_transform_job(**job)
        wait_until(
            lambda: any("java" in Path(f"/proc/{pid}/comm").read_text() for pid, _ in server.descendants()), "up"
        )
        assert ended(server.url, "spark")["TransformJobStatus"] == "Completed"
        lines = results(server.url, "spark")["rows.csv.out"].splitlines()
        assert [float(line) for line in lines] == predicted

        aws.client("sagemaker").create_transform_job(**{**job, "TransformJobName": "again"})
        wait_until(
            lambda: any("java" in Path(f"/proc/{pid}/comm").read_text() for pid, _ in server.descendants()), "up"
        )
        orphans = server.descendants()
        server.end(kill=True)
    wait_until(lambda: not alive(orphans), "Java dies with the server")
