"""The whole stack on a real engine: healthy, without root or default passwords, and it promotes the sample pipeline."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.chaos.rest import ENDED, Rest
from tests.e2e.test_promotion import ROW
from tests.fakes.compose_stack import Stack

pytestmark = pytest.mark.slow

_PROMOTION_BOUND_S = 420.0
_POLL_S = 2.0  # Airflow's API has no call that waits for a run
DAG = "promote__breast_cancer"
ONCE = {"airflow-migrate", "sample-pipeline"}


def sagemaker(stack: Stack, service: str, access_key: str, secret: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{stack.port('sagemaker-local', 4566)}",
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
    )


def ended(airflow: Rest, run: str) -> str:
    """The state in which the run ends."""
    deadline = time.monotonic() + _PROMOTION_BOUND_S
    while (state := airflow.states()[DAG, run]) not in ENDED:
        assert time.monotonic() < deadline, f"the run is {state}: {airflow.tasks(DAG, run)}"
        time.sleep(_POLL_S)
    return state


def test_without_secrets_nothing_starts(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "env").touch()
    refused = Stack(stack.socket, tmp_path / "env", stack.settings).compose("up", "--detach", check=False)
    assert refused.returncode != 0
    assert "make compose-env" in refused.stdout


def test_everything_is_healthy_and_runs_as_somebody_who_is_not_root(stack: Stack) -> None:
    containers = stack.containers()
    running = {one.service for one in containers if one.health == "healthy"}
    assert {one.service for one in containers} - running == ONCE
    assert len(running) == 8
    for container in containers:
        assert container.user not in ("", "root", "0"), container
    for service in running:
        processes = stack.docker("top", stack.of(service).name, "-eo", "pid,uid,args").splitlines()[1:]
        assert processes, service
        assert [line for line in processes if line.split()[1] == "0"] == [], service


def test_a_promotion_runs_through_it_on_a_celery_worker(stack: Stack, airflow: Rest, secrets: dict[str, str]) -> None:
    airflow.unpause(DAG)
    run = airflow.trigger(DAG, {})
    assert ended(airflow, run) == "success", airflow.tasks(DAG, run)
    tasks = {task.task_id: task for task in airflow.tasks(DAG, run)}
    assert {name for name, task in tasks.items() if task.state != "success"} == {"reject"}
    hosts = {name: task.host for name, task in tasks.items() if task.state == "success"}
    assert hosts.pop("outcome") == ""  # it does nothing, which the scheduler does itself
    assert set(hosts.values()) == {stack.of("airflow-worker").host}
    keys = secrets["SLUICE_LOCAL_ACCESS_KEY_ID"], secrets["SLUICE_LOCAL_SECRET_ACCESS_KEY"]
    answer = sagemaker(stack, "sagemaker-runtime", *keys).invoke_endpoint(
        EndpointName="breast-cancer", Body=ROW, ContentType="text/csv", Accept="application/json"
    )
    assert b"malignant" in answer["Body"].read()


@pytest.mark.parametrize("password", ["admin", "airflow", "password"])
def test_airflow_has_no_default_password(airflow: Rest, password: str) -> None:
    with pytest.raises(AssertionError, match="answered with 401"):
        Rest(airflow.port, "admin", password).sign_in()


def test_nothing_else_has_a_default_password(stack: Stack) -> None:
    with pytest.raises(ClientError, match="security token included in the request is invalid"):
        sagemaker(stack, "sagemaker", "local", "local").list_models()
    redis = stack.docker("exec", "--env", "REDISCLI_AUTH=", stack.of("redis").name, "redis-cli", "ping", check=False)
    assert "PONG" not in redis
    postgres = stack.of("postgres")
    query = ["psql", "--host", postgres.host, "--username", "airflow", "--command", "SELECT 1", "airflow"]
    for password in ("airflow", "postgres"):
        said = stack.docker("exec", "--env", f"PGPASSWORD={password}", postgres.name, *query, check=False)
        assert "1 row" not in said
