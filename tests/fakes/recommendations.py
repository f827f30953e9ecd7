"""What a recommendation job works with, without containers: fleets that only remember, load that is made up."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.lifecycle import EndpointStatus, JobStatus
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.store.records import (
    EndpointRecord,
    Json,
    JsonObject,
    ModelPackageRecord,
    RecommendationJobRecord,
)
from tests.fakes.clock import ManualClock
from tests.fakes.stages import Endpoint, ramp

REGION = "us-east-1"
ACCOUNT = "123456789012"
PACKAGE_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/breast-cancer/1"
PAYLOAD_URL = "s3://models/payload.tar.gz"
ENDPOINT = "staging"
CONTAINERS = (
    Container("featurize", "sklearn", "s3://models/featurize.tar.gz", {"SAGEMAKER_PROGRAM": "inference.py"}),
    Container("predict", "xgboost", "s3://models/predict.tar.gz"),
)


@dataclass
class FakeFleets:
    """Remembers what was opened. `refusals` holds, by instance type, what `open` raises."""

    refusals: dict[str, LocalSageMakerError] = field(default_factory=dict)
    open_now: dict[str, Deployment] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)  # "open" or "close", and the instance type
    most_at_once: int = 0
    opened: list[Deployment] = field(default_factory=list)
    _types: dict[str, str] = field(default_factory=dict)

    async def open(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        instance_type = deployment.variants[0].instance_type
        self._types[endpoint_name] = instance_type
        self.log.append(("open", instance_type))
        self.open_now[endpoint_name] = deployment
        self.opened.append(deployment)
        self.most_at_once = max(self.most_at_once, len(self.open_now))
        await asyncio.sleep(0)
        if instance_type in self.refusals:
            raise self.refusals[instance_type]

    async def close(self, region: str, endpoint_name: str) -> None:
        await asyncio.sleep(0)
        self.log.append(("close", self._types[endpoint_name]))
        self.open_now.pop(endpoint_name, None)


def payload_archive(*bodies: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for number, body in enumerate(bodies):
            info = tarfile.TarInfo(f"{number}.csv")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


@dataclass
class FakeDrive:
    """Load tests without load. `endpoint_of` says what the endpoint with that name gives; None: it never answers.

    A stage takes as long on the clock as it says, if the clock is one that can be set.
    """

    endpoint_of: Callable[[str], Endpoint | None]
    clock: Clock = field(default_factory=ManualClock)
    allowed_at_once: int = 1
    plans: list[LoadPlan] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(
        self, plan: LoadPlan, on_progress: Callable[[Progress], None] | None = None
    ) -> AsyncGenerator[StageResult, None]:
        self.plans.append(plan)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        assert self.running <= self.allowed_at_once, "too many load tests at the same time"
        self.began.set()
        try:
            endpoint = self.endpoint_of(plan.target.split("/")[2])
            if endpoint is None:
                await asyncio.Event().wait()
                return
            stages, _ = ramp(endpoint, plan.rules, plan.course)
            for stage in stages:
                await asyncio.sleep(0)
                if isinstance(self.clock, ManualClock):
                    self.clock.advance(stage.span_s)
                if on_progress is not None:
                    on_progress(_progress(stage, self.clock.now_s()))
                yield stage
        finally:
            self.running -= 1


def _progress(stage: StageResult, at_s: float) -> Progress:
    return Progress(
        at_s, stage.span_s, stage.users, stage.succeeded, stage.failures, stage.latency, stage.model_latency
    )


def package_record(*, instance_types: tuple[str, ...] = (), **accepted: Json) -> ModelPackageRecord:
    specification: dict[str, Json] = {
        "Containers": [],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    if instance_types:
        specification["SupportedRealtimeInferenceInstanceTypes"] = list(instance_types)
    request: dict[str, Json] = {
        "ModelPackageGroupName": "breast-cancer",
        "Domain": "MACHINE_LEARNING",
        "SamplePayloadUrl": PAYLOAD_URL,
        "InferenceSpecification": specification,
        **accepted,
    }
    return ModelPackageRecord(
        region=REGION,
        name="breast-cancer",
        arn=PACKAGE_ARN,
        group_name=None,
        version=None,
        containers=CONTAINERS,
        approval_status=None,
        approval_description=None,
        customer_metadata={},
        client_token=None,
        created_at_s=1.0,
        modified_at_s=1.0,
        accepted=request,
    )


def endpoint_record(
    *, status: EndpointStatus = EndpointStatus.IN_SERVICE, instance_type: str = "ml.c5.large", variants: int = 1
) -> EndpointRecord:
    plans = tuple(
        VariantPlan(f"variant-{number}", "model", instance_type, 1, 1.0, CONTAINERS) for number in range(variants)
    )
    return EndpointRecord(
        region=REGION,
        name=ENDPOINT,
        arn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{ENDPOINT}",
        status=status,
        live=Deployment("config", plans),
        wanted=None,
        failure_reason=None,
        created_at_s=1.0,
        modified_at_s=1.0,
    )


def job_record(
    name: str = "job",
    *,
    endpoint: str | None = None,
    status: JobStatus = JobStatus.PENDING,
    created_at_s: float = 1.0,
    job_type: str = "Default",
    stopping: JsonObject | None = None,
    output_uri: str | None = None,
    **input_config: Json,
) -> RecommendationJobRecord:
    inputs: dict[str, Json] = {"ModelPackageVersionArn": PACKAGE_ARN, **input_config}
    if endpoint is not None:
        inputs["Endpoints"] = [{"EndpointName": endpoint}]
    accepted: dict[str, Json] = {
        "JobName": name,
        "JobType": job_type,
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/sluice",
        "InputConfig": inputs,
    }
    if output_uri is not None:
        accepted["OutputConfig"] = {"CompiledOutputConfig": {"S3OutputUri": output_uri}}
    if stopping is not None:
        accepted["StoppingConditions"] = stopping
    return RecommendationJobRecord(
        region=REGION,
        name=name,
        arn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:inference-recommendations-job/{name}",
        status=status,
        failure_reason=None,
        created_at_s=created_at_s,
        modified_at_s=created_at_s,
        completed_at_s=None,
        accepted=accepted,
        recommendations=(),
        endpoint_performances=(),
    )
