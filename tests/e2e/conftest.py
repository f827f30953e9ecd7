"""A running local SageMaker, the trained sample pipeline in its S3, and an Airflow database: once for all tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.call_recorder import CallRecorder
from tests.fakes.server_process import server_process

BUCKET = "sluice-breast-cancer"
COLLECTED = pytest.StashKey[int]()
"""How many tests there were before any was left out."""


class Aws:
    """boto3 on the local SageMaker, as a stranger would use it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def put(self, key: str, body: bytes) -> str:
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"


@pytest.fixture(scope="session")
def local_sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    data_dir = tmp_path_factory.mktemp("sagemaker")
    with server_process(data_dir, "--stage-seconds", "0.5", "--startup-timeout", "60") as server:
        yield Aws(server.url)


@pytest.fixture(scope="session")
def aws(local_sagemaker: Aws, tmp_path_factory: pytest.TempPathFactory) -> Aws:
    """With the sample pipeline's artifacts where its spec says."""
    from include.examples.breast_cancer.train import build

    sample = build(tmp_path_factory.mktemp("sample"))
    local_sagemaker.client("s3").create_bucket(Bucket=BUCKET)
    artifacts: dict[str, Path] = {
        "featurize/model.tar.gz": sample.featurize,
        "predict/model.tar.gz": sample.predict,
        "predict-slow/model.tar.gz": sample.predict_slow,
        "label/model.tar.gz": sample.label,
        "payload/payload.tar.gz": sample.payload,
    }
    for key, path in artifacts.items():
        local_sagemaker.put(key, path.read_bytes())
    return local_sagemaker


@pytest.fixture(scope="session")
def airflow_database() -> None:
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture(scope="session")
def recorded_calls() -> Iterator[CallRecorder]:
    """What the DAGs ask of AWS, from here on."""
    recorder = CallRecorder()
    with pytest.MonkeyPatch.context() as patch:
        recorder.install(patch)
        yield recorder


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """The policies are held against what all others have called, so those tests come last."""
    items.sort(key=lambda item: item.path.name == "test_permissions.py")
    session.stash[COLLECTED] = len(items)


def is_whole(session: pytest.Session) -> bool:
    """Whether every test of the suite runs, and none has failed so far."""
    collected = {item.path.name for item in session.items}
    there = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    narrowed = len(session.items) < session.stash[COLLECTED] or any("::" in arg for arg in session.config.args)
    return there <= collected and not narrowed and not session.testsfailed


@pytest.fixture
def connection(aws: Aws, airflow_database: None, recorded_calls: CallRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Airflow connection that makes the DAGs talk to the local SageMaker."""
    extra = {"endpoint_url": aws.url, "region_name": "us-east-1"}
    connect_to = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connect_to))
