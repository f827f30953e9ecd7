"""A running local SageMaker, the trained sample pipeline in its S3, and an Airflow database: once for all tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.fakes.server_process import server_process

BUCKET = "sluice-breast-cancer"


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


@pytest.fixture
def connection(aws: Aws, airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Airflow connection that makes the DAGs talk to the local SageMaker."""
    extra = {"endpoint_url": aws.url, "region_name": "us-east-1"}
    connect_to = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connect_to))
