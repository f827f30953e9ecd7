"""An endpoint in DescribeEndpoint's form. PURE."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.deployment import VariantPlan
from include.sagemaker_local.guardrails import status_message
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.store.records import EndpointRecord

_DEPLOYING = frozenset({EndpointStatus.CREATING, EndpointStatus.UPDATING})


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
    if record.live is not None:
        answer["ProductionVariants"] = [_serving(record, variant) for variant in record.live.variants]
    elif record.wanted is not None and record.status is EndpointStatus.CREATING:
        answer["ProductionVariants"] = [_starting(record, variant) for variant in record.wanted.variants]
    if record.wanted is not None and record.status in _DEPLOYING and not record.in_place:
        answer["PendingDeploymentSummary"] = {
            "EndpointConfigName": record.wanted.config_name,
            "ProductionVariants": [
                {**_pending(record, variant), "InstanceType": variant.instance_type}
                for variant in record.wanted.variants
            ],
            "StartTime": record.modified_at_s,
        }
    if record.deployment_config is not None and record.status not in _DEPLOYING:
        answer["LastDeploymentConfig"] = record.deployment_config
    if record.failure_reason is not None:
        answer["FailureReason"] = record.failure_reason
    return answer


def _serving(record: EndpointRecord, variant: VariantPlan) -> dict[str, Any]:
    current = {"CurrentWeight": variant.weight, "CurrentInstanceCount": variant.instance_count}
    if record.status is not EndpointStatus.UPDATING or record.wanted is None or not record.in_place:
        return {**_wanted(record, variant), **current}
    desired = next(plan for plan in record.wanted.variants if plan.name == variant.name)
    status = {"Status": "Updating", "StartTime": record.modified_at_s}
    return {**_wanted(record, desired), **current, "VariantStatus": [status]}


def _starting(record: EndpointRecord, variant: VariantPlan) -> dict[str, Any]:
    return {
        **_wanted(record, variant),
        "CurrentWeight": 0.0,
        "CurrentInstanceCount": 0,
        "VariantStatus": [{"Status": "Creating", "StartTime": record.modified_at_s}],
    }


def _pending(record: EndpointRecord, variant: VariantPlan) -> dict[str, Any]:
    """A variant of the new fleet. While traffic is shifted, its current weight is the part of its own that it has."""
    stage = record.stage
    if stage is None or stage.shift is None:
        return _starting(record, variant)
    status = {"Status": stage.status, "StartTime": stage.at_s}
    message = status_message(stage, variant.instance_count)
    return {
        **_wanted(record, variant),
        "CurrentWeight": variant.weight * stage.shift.share,
        "CurrentInstanceCount": variant.instance_count,
        "VariantStatus": [status if message is None else {**status, "StatusMessage": message}],
    }


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
