"""EventBridge's word that a version in the registry has changed, and whether that is something to promote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.responses.resources import PackageState
from sluice.runs.request import AssetEvent
from sluice.specs.pipeline import PipelineSpec

DETAIL_TYPE = "SageMaker Model Package State Change"
APPROVAL = "ModelApprovalStatus"


@dataclass(frozen=True)
class StateChange:
    """One message. `fields` are the members that were updated, none for a version that is new."""

    package_arn: str
    fields: tuple[str, ...] = ()

    def why_not(self, spec: PipelineSpec, version: PackageState | None, live: PackageState | None) -> str | None:
        """Why there is nothing to promote, None when there is.

        What counts is what the version is by now, since events are late, may come twice and in any order, and a
        promotion causes some itself. `live` is the version that production serves.
        """
        if version is None:
            return f"{self.package_arn} is not there any more"
        of_itself = self._why_not_by_itself(spec, version)
        if of_itself is not None:
            return f"version {version.version} {of_itself}"
        if live is not None and live.arn == version.arn:
            return f"production serves version {version.version} already"
        if live is not None and live.version > version.version:
            return f"version {version.version} is older than production's {live.version}: name it, or roll back"
        return None

    def _why_not_by_itself(self, spec: PipelineSpec, version: PackageState) -> str | None:
        if self.fields and APPROVAL not in self.fields:
            return f"got other {', '.join(self.fields)}, which is no matter of approval"
        if version.group != spec.package.group:
            return f"is of the group {version.group}"
        if version.status != "Completed":
            return f"is {version.status}"
        if version.approval == "Rejected":
            return "is Rejected"
        if version.approval != "Approved" and version.content is not None:
            return "was registered by a promotion, which decides on it itself"
        return None


def state_changes(event: AssetEvent) -> tuple[StateChange, ...]:
    """What is in an event of a queue's watcher, in the queue's order. A message that is something else is left out.

    The extra is what Airflow makes of an event of SqsSensorTrigger: `{"payload": {"message_batch": [{"Body"}]}}`.
    """
    payload = event.extra.get("payload")
    batch = payload.get("message_batch") if isinstance(payload, Mapping) else None
    found = (_state_change(message) for message in batch or ())
    return tuple(change for change in found if change is not None)


def _state_change(message: Any) -> StateChange | None:
    try:
        body = json.loads(message["Body"])
        if body["detail-type"] != DETAIL_TYPE:
            return None
        detail = body["detail"]
        return StateChange(str(detail["ModelPackageArn"]), tuple(detail.get("UpdatedModelPackageFields") or ()))
    except (KeyError, TypeError, ValueError):  # whoever may send to the queue may send anything
        return None
