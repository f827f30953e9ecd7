"""Who wins when the user's map, the framework's defaults and the platform set the same variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sagemaker_local.runtime.environment import Site, container_environment

SITE = Site(
    "predict", "eu-west-1", Path("/data/c"), "/environments/sklearn/bin:/usr/bin", 40001, (20000, 20009), vcpus=4
)


def variables(**user: str) -> dict[str, str]:
    return container_environment(user, SITE, Path("/project"))


def test_the_platforms_variables() -> None:
    found = variables()
    assert {name: found[name] for name in found if name not in ("PATH", "LANG", "PYTHONUNBUFFERED")} == {
        "HOME": "/data/c",
        "HOSTNAME": "predict",
        "AWS_REGION": "eu-west-1",
        "SAGEMAKER_REGION": "eu-west-1",
        "SAGEMAKER_BASE_DIR": "/data/c/ml",
        "SAGEMAKER_BIND_TO_PORT": "40001",
        "SAGEMAKER_SAFE_PORT_RANGE": "20000-20009",
        "SAGEMAKER_MODEL_SERVER_WORKERS": "4",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": "/project",
    }


def test_the_user_overrides_defaults_but_not_the_platform() -> None:
    found = variables(AWS_REGION="us-west-2", SAGEMAKER_BIND_TO_PORT="80", SAGEMAKER_BASE_DIR="/", PYTHONPATH="/mine")
    assert found["AWS_REGION"] == "us-west-2"
    assert found["SAGEMAKER_BIND_TO_PORT"] == "40001"
    assert found["SAGEMAKER_BASE_DIR"] == "/data/c/ml"
    assert found["PYTHONPATH"] == "/mine:/project"


@pytest.mark.parametrize(
    ("workers", "threads"), [("1", "4"), ("2", "2"), ("3", "1"), ("9", "1"), ("0", "1"), ("?", "1")]
)
def test_workers_share_the_cpus(workers: str, threads: str) -> None:
    assert variables(SAGEMAKER_MODEL_SERVER_WORKERS=workers)["OMP_NUM_THREADS"] == threads


def test_the_users_own_thread_count_stands() -> None:
    assert variables(OMP_NUM_THREADS="8")["OMP_NUM_THREADS"] == "8"
