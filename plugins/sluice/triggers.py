"""Waits that hold no worker slot: the polling itself is data, in `waiters/sagemaker.json`.

Both triggers report that something has ended, never that it ended well. What became of it is asked of AWS again by the
operator, because "InService" alone does not say which config is in service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.providers.amazon.aws.triggers.base import AwsBaseWaiterTrigger

from sluice.hook import SluiceHook

JOB_UNDER_WAY = frozenset({"PENDING", "IN_PROGRESS"})
"""The states in which StopInferenceRecommendationsJob is accepted."""


@dataclass(frozen=True, slots=True)
class Polling:
    """How often to ask (`every_s`), and for how long in all (`timeout_s`), both in seconds."""

    every_s: float
    timeout_s: float

    @property
    def attempts(self) -> int:
        """How many times that is; at least once."""
        return max(1, round(self.timeout_s / self.every_s))


class _Wait(AwsBaseWaiterTrigger):
    """A wait with Sluice's hook, and with it Sluice's waiters."""

    aws_hook_class = SluiceHook

    def hook(self) -> SluiceHook:
        """Made here, because the provider of Airflow 3.3.1 (9.34) asks for it and does not know `aws_hook_class`."""
        return SluiceHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )


class EndpointSettled(_Wait):
    """Fires when no create, update or rollback of the endpoint is under way any more.

    :param endpoint_name: the endpoint to wait for
    :param waiter_delay: seconds between two questions
    :param waiter_max_attempts: how many questions before it gives up with an event of status "error"
    """

    def __init__(self, *, endpoint_name: str, waiter_delay: float, waiter_max_attempts: int, **connection: Any) -> None:
        super().__init__(
            serialized_fields={"endpoint_name": endpoint_name},
            waiter_name="EndpointSettled",
            waiter_args={"EndpointName": endpoint_name},
            failure_message=f"waiting for endpoint {endpoint_name} came to an end",
            status_message=f"endpoint {endpoint_name} is",
            status_queries=["EndpointStatus", "PendingDeploymentSummary.ProductionVariants[].VariantStatus[].Status"],
            return_key="endpoint_name",
            return_value=endpoint_name,
            waiter_delay=waiter_delay,  # type: ignore[arg-type]  # asyncio.sleep takes fractions; local runs use them
            waiter_max_attempts=waiter_max_attempts,
            **connection,
        )
        self.endpoint_name = endpoint_name


class RecommendationJobFinished(_Wait):
    """Fires when the recommendation job has ended; stops the job when a user kills the waiting task.

    :param job_name: the job to wait for
    :param waiter_delay: seconds between two questions
    :param waiter_max_attempts: how many questions before it gives up with an event of status "error"
    """

    def __init__(self, *, job_name: str, waiter_delay: float, waiter_max_attempts: int, **connection: Any) -> None:
        super().__init__(
            serialized_fields={"job_name": job_name},
            waiter_name="RecommendationJobFinished",
            waiter_args={"JobName": job_name},
            failure_message=f"waiting for recommendation job {job_name} came to an end",
            status_message=f"recommendation job {job_name} is",
            status_queries=["Status"],
            return_key="job_name",
            return_value=job_name,
            waiter_delay=waiter_delay,  # type: ignore[arg-type]  # asyncio.sleep takes fractions; local runs use them
            waiter_max_attempts=waiter_max_attempts,
            **connection,
        )
        self.job_name = job_name

    async def on_kill(self) -> None:
        """Stop the job: it costs money for as long as it runs, and nobody waits for it any more."""
        hook: Any = self.hook()
        async with await hook.get_async_conn() as client:
            answer: Mapping[str, Any] = await client.describe_inference_recommendations_job(JobName=self.job_name)
            if answer["Status"] not in JOB_UNDER_WAY:
                return
            await client.stop_inference_recommendations_job(JobName=self.job_name)
        self.log.info("stopped recommendation job %s, because its task was ended by a user", self.job_name)


class TransformJobFinished(_Wait):
    """Fires when the transform job has ended; stops the job when a user kills the waiting task.

    :param job_name: the job to wait for
    :param waiter_delay: seconds between two questions
    :param waiter_max_attempts: how many questions before it gives up with an event of status "error"
    """

    def __init__(self, *, job_name: str, waiter_delay: float, waiter_max_attempts: int, **connection: Any) -> None:
        super().__init__(
            serialized_fields={"job_name": job_name},
            waiter_name="TransformJobFinished",
            waiter_args={"TransformJobName": job_name},
            failure_message=f"waiting for transform job {job_name} came to an end",
            status_message=f"transform job {job_name} is",
            status_queries=["TransformJobStatus"],
            return_key="job_name",
            return_value=job_name,
            waiter_delay=waiter_delay,  # type: ignore[arg-type]  # asyncio.sleep takes fractions; local runs use them
            waiter_max_attempts=waiter_max_attempts,
            **connection,
        )
        self.job_name = job_name

    async def on_kill(self) -> None:
        """Stop the job: it costs money for as long as it runs, and nobody waits for it any more."""
        hook: Any = self.hook()
        async with await hook.get_async_conn() as client:
            answer: Mapping[str, Any] = await client.describe_transform_job(TransformJobName=self.job_name)
            if answer["TransformJobStatus"] != "InProgress":
                return
            await client.stop_transform_job(TransformJobName=self.job_name)
        self.log.info("stopped transform job %s, because its task was ended by a user", self.job_name)
