"""DescribeScalingActivities of Application Auto Scaling."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.autoscaling.activities import description
from include.sagemaker_local.control.call import Answer, Call
from include.sagemaker_local.control.scaling_request import Variant, identity, page_of, wanted_by
from include.sagemaker_local.store.records import ScalingActivityRecord


async def describe_scaling_activities(call: Call) -> Answer:
    """What was done to capacities in the last six weeks, newest first."""
    call.services.autoscaler.settle()
    records = [one for one in call.store.scaling_activities() if one.region == call.region]
    found = wanted_by(call.request, records, lambda one: Variant(one.endpoint_name, one.variant_name))
    return page_of(call, "ScalingActivities", found, _order, _described)


def _order(record: ScalingActivityRecord) -> str:
    return f"{record.started_at_s:020.3f} {record.id}"


def _described(record: ScalingActivityRecord) -> dict[str, Any]:
    answer: dict[str, Any] = {
        **identity(),
        "ActivityId": record.id,
        "ResourceId": record.resource_id,
        "Description": description(record),
        "Cause": record.cause,
        "StartTime": record.started_at_s,
        "StatusCode": record.status,
        "StatusMessage": record.message,
    }
    return answer if record.ended_at_s is None else {**answer, "EndTime": record.ended_at_s}
