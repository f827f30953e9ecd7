"""What of the services besides SageMaker is answered otherwise than by moto as it is: data for docs/parity.md."""

from __future__ import annotations

from collections.abc import Mapping

from include.sagemaker_local.wire.scope import Kind, Treatment

OPERATIONS: Mapping[str, Mapping[str, Treatment]] = {
    "cloudwatch": {
        "GetMetricStatistics": Treatment(Kind.EXACT, "percentiles are within 0.4 %"),
        "GetMetricData": Treatment(Kind.SIMPLIFIED, "no metric math, NextToken or MaxDatapoints: refused"),
        "ListMetrics": Treatment(Kind.SIMPLIFIED, "those of endpoints are all on the first page"),
        "PutMetricData": Treatment(Kind.SIMPLIFIED, "refused for the namespaces that SageMaker publishes to"),
        "PutMetricAlarm": Treatment(
            Kind.SIMPLIFIED,
            "evaluated when it is on one metric of an endpoint; the only actions performed are scaling policies",
        ),
        **dict.fromkeys(
            ("DeleteAlarms", "SetAlarmState", "EnableAlarmActions", "DisableAlarmActions"),
            Treatment(Kind.EXACT, "moto's, and alarms outlive a restart"),
        ),
    },
    "ecr": {
        "BatchGetImage": Treatment(
            Kind.SIMPLIFIED, "has, in every registry and without a manifest, what could be started here; else moto's"
        ),
    },
    "iam": {
        "GetRole": Treatment(Kind.EXACT, "moto's; the role `sluice` is there from the start, as SageMaker's"),
    },
    "logs": {
        "FilterLogEvents": Treatment(Kind.SIMPLIFIED, 'patterns of words and "quoted phrases"; others are refused'),
    },
}
"""By botocore's name of the service and the operation's name."""
