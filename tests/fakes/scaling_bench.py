"""An autoscaler on a real store and series; nothing runs and time is the test's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from include.sagemaker_local.autoscaling import Autoscaler, ScalingRules
from include.sagemaker_local.autoscaling.tracking_alarms import alarm_names
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from include.sagemaker_local.metrics.distribution import exact
from include.sagemaker_local.metrics.names import INSTANCES, INVOCATIONS, PER_INSTANCE
from include.sagemaker_local.metrics.series import Datum, Metric, MetricSeries
from include.sagemaker_local.store import Store
from include.sagemaker_local.store.records import (
    EndpointRecord,
    ScalableTargetRecord,
    ScalingActivityRecord,
    ScalingPolicyRecord,
)
from tests.fakes.clock import ManualClock
from tests.fakes.scaling_alarms import DictScalingAlarms
from tests.fakes.supervised import plan

REGION = "us-east-1"
DIMENSIONS = (("EndpointName", "e"), ("VariantName", "AllTraffic"))
CALLS = Metric(INVOCATIONS, PER_INSTANCE, DIMENSIONS)
CPU = Metric(INSTANCES, "CPUUtilization", DIMENSIONS)
RESOURCE = "endpoint/e/variant/AllTraffic"
HIGH, LOW = alarm_names(RESOURCE, ("1", "2"))
TRACKING = {
    "TargetValue": 100.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
RULES = ScalingRules(interval_s=60.0, time_scale=1.0, max_instances=20)
SUSPENDED = dict.fromkeys(("DynamicScalingInSuspended", "DynamicScalingOutSuspended"), False)


class ScalingBench:
    """An endpoint `e` of two instances with a target of 1 to 10. `minute` publishes one and acts."""

    def __init__(self, path: Path, rules: ScalingRules = RULES, deployment: Deployment | None = None) -> None:
        self.clock = ManualClock(1_700_000_040.0)  # on a minute
        self.store = Store(path, self.clock)
        self.series, self.alarms = MetricSeries(), DictScalingAlarms()
        self.wakes = 0
        self.interval_s = rules.interval_s
        self.scaler = Autoscaler(self.store, self.series, self.alarms, self.clock, self._wake, rules)
        live = deployment or plan("config", "a", instances=2)
        self.store.add_endpoint(
            EndpointRecord(REGION, "e", "arn:e", EndpointStatus.IN_SERVICE, live, None, None, 1.0, 1.0)
        )
        self.target()

    def _wake(self) -> None:
        self.wakes += 1

    def target(self, least: int = 1, most: int = 10, variant: str = "AllTraffic", **suspended: bool) -> None:
        now_s = self.clock.now_s()
        state = {**SUSPENDED, **suspended}
        self.store.put_scalable_target(
            ScalableTargetRecord(REGION, "e", variant, f"arn:{variant}", least, most, "role", state, now_s)
        )

    def policy(self, name: str = "p", configuration: Any = None, **changes: Any) -> None:
        configuration = TRACKING if configuration is None else configuration
        kind = "TargetTrackingScaling" if "TargetValue" in configuration else "StepScaling"
        names = alarm_names(RESOURCE, (f"{name}1", f"{name}2")) if kind == "TargetTrackingScaling" else ()
        if name == "p" and names:
            names = (HIGH, LOW)
        self.store.put_scaling_policy(
            ScalingPolicyRecord(
                REGION, "e", "AllTraffic", name, f"arn:{name}", kind, {**configuration, **changes}, names, 1.0
            )
        )

    def minute(self, **values: float) -> None:
        """An interval in which each instance was asked `calls` times and was busy for `cpu` percent."""
        began_s = self.clock.now_s()
        self.clock.advance(self.interval_s)
        metrics = {"calls": CALLS, "cpu": CPU}
        data = [Datum(metrics[name], "None", exact({value: 1})) for name, value in values.items()]
        self.series.publish(REGION, began_s, data)
        self.scaler.published(began_s)

    def minutes(self, number: int, **values: float) -> None:
        for _ in range(number):
            self.minute(**values)

    def wanted(self) -> int | None:
        """What a change under way asks for; None when none is."""
        record = self.store.endpoint(REGION, "e")
        assert record is not None
        return None if record.wanted is None else record.wanted.variants[0].instance_count

    def done(self) -> None:
        """What the supervisor does when the wanted instances serve."""
        record = self.store.endpoint(REGION, "e")
        assert record is not None
        self.store.move_endpoint(REGION, "e", EndpointEvent.DEPLOYED, live=record.wanted, wanted=None)

    def activities(self) -> list[ScalingActivityRecord]:
        self.scaler.settle()
        return self.store.scaling_activities()
