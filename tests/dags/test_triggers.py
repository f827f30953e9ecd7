from __future__ import annotations

import asyncio
from pydoc import locate
from typing import Any

import pytest
from sluice.triggers import EndpointSettled, Polling, RecommendationJobFinished, TransformJobFinished

CONNECTION = {
    "aws_conn_id": "other",
    "region_name": "eu-west-1",
    "verify": False,
    "botocore_config": {"read_timeout": 5},
}


class FakeAsyncClient:
    """The two calls of each job trigger's `on_kill`."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.stopped: list[str] = []

    async def __aenter__(self) -> FakeAsyncClient:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing to close."""

    async def describe_inference_recommendations_job(self, JobName: str) -> dict[str, Any]:
        return {"Status": self.status}

    async def stop_inference_recommendations_job(self, JobName: str) -> None:
        self.stopped.append(JobName)

    async def describe_transform_job(self, TransformJobName: str) -> dict[str, Any]:
        return {"TransformJobStatus": self.status}

    async def stop_transform_job(self, TransformJobName: str) -> None:
        self.stopped.append(TransformJobName)


class HookWith:
    def __init__(self, client: FakeAsyncClient) -> None:
        self.client = client

    async def get_async_conn(self) -> FakeAsyncClient:
        return self.client


@pytest.mark.parametrize(
    "trigger",
    [
        EndpointSettled(endpoint_name="e", waiter_delay=0.5, waiter_max_attempts=7, **CONNECTION),
        RecommendationJobFinished(job_name="j", waiter_delay=0.5, waiter_max_attempts=7, **CONNECTION),
        TransformJobFinished(job_name="j", waiter_delay=0.5, waiter_max_attempts=7, **CONNECTION),
    ],
)
def test_a_trigger_survives_the_way_to_the_triggerer(trigger: Any) -> None:
    path, arguments = trigger.serialize()
    trigger_class: Any = locate(path)
    again = trigger_class(**arguments)
    assert again.serialize() == (path, arguments)
    assert again.waiter_args == trigger.waiter_args
    hook = again.hook()
    assert (hook.aws_conn_id, hook._region_name, hook._verify, hook._config.read_timeout) == (
        "other", "eu-west-1", False, 5
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "stopped"), [("IN_PROGRESS", ["j"]), ("PENDING", ["j"]), ("COMPLETED", []), ("STOPPING", [])]
)
def test_killing_the_wait_stops_a_running_job_only(
    monkeypatch: pytest.MonkeyPatch, status: str, stopped: list[str]
) -> None:
    client = FakeAsyncClient(status)
    trigger = RecommendationJobFinished(job_name="j", waiter_delay=1, waiter_max_attempts=1)
    monkeypatch.setattr(trigger, "hook", lambda: HookWith(client))
    asyncio.run(trigger.on_kill())
    assert client.stopped == stopped


@pytest.mark.parametrize(("status", "stopped"), [("InProgress", ["j"]), ("Completed", []), ("Stopping", [])])
def test_killing_the_wait_stops_a_running_transform_job_only(
    monkeypatch: pytest.MonkeyPatch, status: str, stopped: list[str]
) -> None:
    client = FakeAsyncClient(status)
    trigger = TransformJobFinished(job_name="j", waiter_delay=1, waiter_max_attempts=1)
    monkeypatch.setattr(trigger, "hook", lambda: HookWith(client))
    asyncio.run(trigger.on_kill())
    assert client.stopped == stopped


@pytest.mark.parametrize(("every_s", "timeout_s", "attempts"), [(15, 3600, 240), (0.5, 2, 4), (30, 10, 1)])
def test_polling_counts_attempts(every_s: float, timeout_s: float, attempts: int) -> None:
    assert Polling(every_s, timeout_s).attempts == attempts
