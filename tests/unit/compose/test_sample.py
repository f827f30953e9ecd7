"""The sample pipeline goes to the local S3 of the connection, with its keys, and never to AWS."""

from __future__ import annotations

import json

import pytest

from include.compose import sample
from include.compose.environment_file import CONNECTION, completed
from include.demo.sample import Account


def test_the_account_is_that_of_the_connection() -> None:
    values = completed({"SLUICE_LOCAL_ACCESS_KEY_ID": "key", "SLUICE_LOCAL_SECRET_ACCESS_KEY": "secret"})
    assert sample.account(values[CONNECTION]) == Account("http://sagemaker-local:4566", "key", "secret")


def test_nothing_is_uploaded_to_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "aws", "extra": {"region_name": "eu-west-1"}}))
    assert "leads to AWS" in sample.main()
