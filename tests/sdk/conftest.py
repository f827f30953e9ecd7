"""A local SageMaker for the SageMaker Python SDK, which has a virtual environment of its own (`make test-sdk`).

The SDK and Airflow do not agree on versions, so these tests run on the SDK's interpreter and the server on the
project's. Where there is no SDK, they are not collected.
"""

from __future__ import annotations

import importlib.util
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.server_process import server_process

collect_ignore_glob = [] if importlib.util.find_spec("sagemaker") else ["test_*.py"]

BUCKET = "sdk-models"
ROLE = "arn:aws:iam::123456789012:role/sdk"
# The SDK asks every 5 to 30 s whether an endpoint or job is done, which here takes two.
LONGEST_SLEEP_S = 0.2
# What a container does: it adds a number, so that the answer tells which ones a request went through.
INFERENCE = """
import json, os

def model_fn(model_dir):
    return float(os.environ["ADD"])

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(numbers, model):
    return [number + model for number in numbers]

def output_fn(numbers, accept):
    return json.dumps(numbers), "application/json"
"""


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    python = Path(os.environ["SLUICE_PYTHON"])
    with server_process(tmp_path_factory.mktemp("sdk") / "data", "--startup-timeout", "60", python=python) as server:
        yield server.url


@pytest.fixture
def session(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's session, as its users make it; only the environment says where the services are."""
    for name, value in {
        "AWS_ENDPOINT_URL": server_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import sagemaker
    import sagemaker.session

    sleep = sagemaker.session.time.sleep
    monkeypatch.setattr(sagemaker.session.time, "sleep", lambda seconds: sleep(min(seconds, LONGEST_SLEEP_S)))
    made = sagemaker.Session(default_bucket=BUCKET)
    made.boto_session.client("s3").create_bucket(Bucket=BUCKET)
    return made


@pytest.fixture
def model_data(session: Any) -> str:
    """Where the containers' archive is."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(INFERENCE)
        archive.addfile(member, io.BytesIO(INFERENCE.encode()))
    session.boto_session.client("s3").put_object(Bucket=BUCKET, Key="add/model.tar.gz", Body=packed.getvalue())
    return f"s3://{BUCKET}/add/model.tar.gz"
