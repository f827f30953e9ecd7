"""An endpoint in DescribeEndpoint's form. PURE."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.control.async_config import described_async
from include.sagemaker_local.deployment import Deployment, VariantPlan, by_name
from include.sagemaker_local.guardrails import VariantStatus, status_message
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.store.records import EndpointRecord

_DEPLOYING = frozenset({EndpointStatus.CREATING, EndpointStatus.UPDATING})
# A reason belongs to a state at rest: while something is under way it tells of what is over.
_REASONED = frozenset({EndpointStatus.IN_SERVICE, EndpointStatus.FAILED, EndpointStatus.UPDATE_ROLLBACK_FAILED})


def described(record: EndpointRecord) -> dict[str, Any]:
    """Structures that do not apply are left out, never empty.

    EndpointConfigName is what serves; an update shows its own only in PendingDeploymentSummary until it is done.
    """
    answer: dict[str, Any] = {
        "EndpointName": record.name,
        "EndpointArn": record.arn,
        "EndpointStatus": record.status,
        "CreationTime": record.created_at_s,
        "LastModifiedTime": record.modified_at_s,
    }
    shown = record.live or record.wanted
    if shown is not None:
        answer["EndpointConfigName"] = shown.config_name
    if shown is not None and shown.asynchronous is not None:
        answer["AsyncInferenceConfig"] = described_async(shown.asynchronous)
    if record.live is not None:
        answer["ProductionVariants"] = _serving(record, record.live)
    elif record.wanted is not None and record.status is EndpointStatus.CREATING:
        answer["ProductionVariants"] = [_starting(record, variant) for variant in record.wanted.variants]
    if record.wanted is not None and record.status in _DEPLOYING and not record.in_place:
        answer["PendingDeploymentSummary"] = {
            "EndpointConfigName": record.wanted.config_name,
            "ProductionVariants": [
                {**_pending(record, variant, running), "InstanceType": variant.instance_type}
                for variant, running in zip(record.wanted.variants, _prepared(record, record.wanted), strict=True)
            ],
            "StartTime": record.modified_at_s,
        }
    if record.deployment_config is not None and record.status not in _DEPLOYING:
        answer["LastDeploymentConfig"] = record.deployment_config
    if record.failure_reason is not None and record.status in _REASONED:
        answer["FailureReason"] = record.failure_reason
    return answer


def _serving(record: EndpointRecord, live: Deployment) -> list[dict[str, Any]]:
    """The variants of the fleet that serves; of one whose server was restarted nothing runs until it is InService."""
    if record.status is EndpointStatus.SYSTEM_UPDATING:
        return [_starting(record, variant) for variant in by_name(live.variants).values()]
    stage = record.stage
    running = by_name((live if stage is None or stage.blue is None else live.with_counts(stage.blue)).variants)
    resizing = record.in_place and record.status is EndpointStatus.UPDATING
    desired = by_name(record.wanted.variants if resizing and record.wanted is not None else live.variants)
    status: dict[str, Any] = {}
    if resizing:
        status = {"VariantStatus": [{"Status": VariantStatus.UPDATING, "StartTime": record.modified_at_s}]}
    elif stage is not None and record.status is EndpointStatus.ROLLING_BACK:
        status = {"VariantStatus": [{"Status": stage.status, "StartTime": stage.at_s}]}
    return [
        {
            **_wanted(record, desired[name]),
            "CurrentWeight": variant.weight,
            "CurrentInstanceCount": variant.instance_count,
            **status,
        }
        for name, variant in running.items()
    ]


def _starting(record: EndpointRecord, variant: VariantPlan) -> dict[str, Any]:
    return {
        **_wanted(record, variant),
        "CurrentWeight": 0.0,
        "CurrentInstanceCount": 0,
        "VariantStatus": [{"Status": VariantStatus.CREATING, "StartTime": record.modified_at_s}],
    }


def _pending(record: EndpointRecord, variant: VariantPlan, running: int) -> dict[str, Any]:
    """A variant of the new fleet. While traffic is shifted, its current weight is the part of its own that it has."""
    stage = record.stage
    if stage is None or stage.shift is None:
        return _starting(record, variant)
    status = {"Status": stage.status, "StartTime": stage.at_s}
    message = status_message(stage, running)
    return {
        **_wanted(record, variant),
        "CurrentWeight": variant.weight * stage.shift.share,
        "CurrentInstanceCount": running,
        "VariantStatus": [status if message is None else {**status, "StatusMessage": message}],
    }


def _prepared(record: EndpointRecord, wanted: Deployment) -> tuple[int, ...]:
    """How many instances of each variant of the new fleet run."""
    stage = record.stage
    return wanted.counts if stage is None or not stage.green else stage.green


def _wanted(record: EndpointRecord, variant: VariantPlan) -> dict[str, Any]:
    return {
        "VariantName": variant.name,
        "DesiredWeight": variant.weight,
        "DesiredInstanceCount": variant.instance_count,
        # An image is not pulled here and so has no digest to be resolved to: it is what was specified.
        "DeployedImages": [
            {
                "SpecifiedImage": container.image,
                "ResolvedImage": container.image,
                "ResolutionTime": record.modified_at_s,
            }
            for container in variant.containers
        ],
    }
