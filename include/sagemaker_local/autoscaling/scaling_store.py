"""The store, as far as autoscaling needs it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.lifecycle import EndpointEvent
from include.sagemaker_local.store.records import (
    EndpointRecord,
    ScalableTargetRecord,
    ScalingActivityRecord,
    ScalingPolicyRecord,
)


class ScalingStore(Protocol):
    """What is read and written down. Every call is made on the event loop that opened the store."""

    def endpoint(self, region: str, name: str) -> EndpointRecord | None:
        """The endpoint, or None."""

    def move_endpoint(
        self,
        region: str,
        name: str,
        event: EndpointEvent,
        *,
        wanted: Deployment | None,
        failure_reason: str | None,
        in_place: bool,
    ) -> EndpointRecord:
        """Applies the event; the values replace those of the record."""

    def transaction(self) -> AbstractContextManager[None]:
        """Makes the writes inside one: all of them or none."""

    def scalable_targets(self) -> list[ScalableTargetRecord]:
        """The targets of all regions; those of one endpoint stand together."""

    def scalable_targets_of(self, region: str, endpoint_name: str) -> list[ScalableTargetRecord]:
        """The targets among an endpoint's variants."""

    def scaling_policies(self) -> list[ScalingPolicyRecord]:
        """The policies of all regions."""

    def instances_by_type(self, region: str, *, other_than: str) -> dict[str, int]:
        """The instances that the region's endpoints run, or are to run, by type; one endpoint is left out."""

    def scaling_activities(self, status: str | None = None) -> list[ScalingActivityRecord]:
        """What was done in all regions, or what of it has that status; oldest first."""

    def put_scaling_activity(self, record: ScalingActivityRecord) -> None:
        """Keeps what is being done, or how it ended."""
