"""Transform jobs: requests as CreateTransformJob takes them, and fleets of containers that the test has started."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from include.sagemaker_local.deployment import Container, Deployment
from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.fleets import Fleets
from include.sagemaker_local.jobs.transform_request import TransformRequest, parse_transform
from include.sagemaker_local.lifecycle import TransformStatus
from include.sagemaker_local.routes import Hop, Instance, Route, RouteTable, VariantRoute
from include.sagemaker_local.store.records import TransformJobRecord
from tests.fakes.containers import FakeContainer

REGION = "us-east-1"
CONTAINERS = (Container("featurize", "sklearn", None, {"STAGE": "1"}), Container("predict", "xgboost", None))


def accepted(
    *,
    source: Mapping[str, Any] | None = None,
    s3: Mapping[str, Any] | None = None,
    output: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    **members: Any,
) -> dict[str, Any]:
    """A request for CSV lines of everything below s3://in/data/, results below s3://out/results."""
    location = {"S3DataType": "S3Prefix", "S3Uri": "s3://in/data/", **(s3 or {})}
    return {
        "TransformJobName": "job",
        "ModelName": "pipeline",
        "TransformInput": {
            "DataSource": {"S3DataSource": location},
            "ContentType": "text/csv",
            "SplitType": "Line",
            **(source or {}),
        },
        "TransformOutput": {"S3OutputPath": "s3://out/results", "AssembleWith": "Line", **(output or {})},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1, **(resources or {})},
        **members,
    }


def transform_request(**changes: Any) -> TransformRequest:
    return parse_transform(accepted(**changes))


def transform_record(name: str = "job", *, created_at_s: float = 1.0, **changes: Any) -> TransformJobRecord:
    return TransformJobRecord(
        region=REGION,
        name=name,
        arn=f"arn:aws:sagemaker:{REGION}:123456789012:transform-job/{name}",
        status=TransformStatus.IN_PROGRESS,
        containers=CONTAINERS,
        failure_reason=None,
        created_at_s=created_at_s,
        modified_at_s=created_at_s,
        started_at_s=None,
        ended_at_s=None,
        accepted=accepted(**changes),
    )


class RoutedFleets:
    """Opening a fleet routes it to `instances`, each a chain of containers that run already.

    Clear `may_close` to have closing take until it is set again; `closing` tells that one has begun.
    """

    def __init__(self, routes: RouteTable, instances: Sequence[Sequence[FakeContainer]]) -> None:
        self.opened: list[Deployment] = []
        self.open_now: set[str] = set()
        self.refusal: LocalSageMakerError | None = None
        self._routes = routes
        self._instances = instances
        self.closing, self.may_close = asyncio.Event(), asyncio.Event()
        self.may_close.set()

    async def open(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        self.opened.append(deployment)
        self.open_now.add(endpoint_name)
        if self.refusal is not None:
            raise self.refusal
        instances = tuple(
            Instance(f"i-{number}", tuple(Hop(f"container-{one.port}", "127.0.0.1", one.port) for one in chain))
            for number, chain in enumerate(self._instances)
        )
        self._routes.put(Route(region, endpoint_name, "config", (VariantRoute("job", 1.0, instances),)))

    async def close(self, region: str, endpoint_name: str) -> None:
        self.closing.set()
        await self.may_close.wait()
        self.open_now.discard(endpoint_name)
        self._routes.drop(region, endpoint_name)


_fleets: type[Fleets] = RoutedFleets
