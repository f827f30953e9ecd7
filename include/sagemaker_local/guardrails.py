"""Deployment guardrails as values: what a DeploymentConfig asks for, and the traffic shifts that follow from it.

Sources: the service model, and SageMaker's guide on deployment guardrails (blue/green, canary, linear).
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Routing(StrEnum):
    """How traffic goes from the old fleet, blue, to the new one, green."""

    ALL_AT_ONCE = "ALL_AT_ONCE"
    CANARY = "CANARY"
    LINEAR = "LINEAR"


class Wait(StrEnum):
    """The member of the DeploymentConfig that a wait comes from."""

    INTERVAL = "WaitIntervalInSeconds"
    TERMINATION = "TerminationWaitInSeconds"


class VariantStatus(StrEnum):
    """What a deployment under way is doing, as DescribeEndpoint's VariantStatus says it."""

    CREATING = "Creating"
    ACTIVATING_TRAFFIC = "ActivatingTraffic"
    BAKING = "Baking"


@dataclass(frozen=True, slots=True)
class CapacitySize:
    """A part of a fleet: a number of instances, or a percentage of its capacity."""

    in_percent: bool
    value: int

    def share(self, instances: int) -> float:
        """The part of a fleet of `instances` that this is: above 0, and 1 for more than all of them."""
        return min(1.0, self.value / (100 if self.in_percent else instances))


@dataclass(frozen=True, slots=True)
class Guardrails:
    """A deployment policy. `step` is the canary, or the linear step; None when all traffic goes over at once."""

    routing: Routing = Routing.ALL_AT_ONCE
    step: CapacitySize | None = None
    wait_interval_s: float = 0.0
    termination_wait_s: float = 0.0
    max_execution_s: float | None = None  # None: the deployment may take as long as its containers and waits do
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Green gets `share` (0 to 1) of the traffic, and after that nothing is changed for `wait_s` seconds."""

    share: float
    wait_s: float
    wait: Wait


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a deployment under way has come to. `at_s` is when it came there, seconds since the epoch."""

    status: VariantStatus
    at_s: float
    shift: Shift | None = None  # None while green is created


def guardrails_of(config: Mapping[str, Any] | None) -> Guardrails:
    """The policy that a validated DeploymentConfig asks for; without one, all at once and without baking."""
    if config is None:
        return Guardrails()
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", ())
    names = tuple(dict.fromkeys(alarm["AlarmName"] for alarm in alarms))
    policy = config.get("BlueGreenUpdatePolicy")
    if policy is None:
        return Guardrails(alarms=names)
    routing = policy["TrafficRoutingConfiguration"]
    size = routing.get("CanarySize") or routing.get("LinearStepSize")
    return Guardrails(
        routing=Routing(routing["Type"]),
        step=None if size is None else CapacitySize(size["Type"] == "CAPACITY_PERCENT", size["Value"]),
        wait_interval_s=routing["WaitIntervalInSeconds"],
        termination_wait_s=policy.get("TerminationWaitInSeconds", 0),
        max_execution_s=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=names,
    )


def shifts(guardrails: Guardrails, instances: int) -> Iterator[Shift]:
    """The traffic shifts to a green fleet of `instances`, in order; the last one gives it everything."""
    if guardrails.step is not None:
        step = guardrails.step.share(instances)
        # A step of 30 % makes 30, 60, 90 and 100: the last one is what is left.
        steps = 1 if guardrails.routing is Routing.CANARY else math.ceil(round(1 / step, 6)) - 1
        for number in range(1, steps + 1):
            yield Shift(number * step, guardrails.wait_interval_s, Wait.INTERVAL)
    yield Shift(1.0, guardrails.termination_wait_s, Wait.TERMINATION)


def total_wait_s(guardrails: Guardrails, instances: int) -> float:
    """All waits of a deployment that goes well."""
    return sum(shift.wait_s for shift in shifts(guardrails, instances))


def enabled_instances(share: float, instances: int) -> int:
    """How many of a green variant's instances take traffic while green has `share` of it: at least one."""
    return max(1, math.ceil(round(share * instances, 6)))


def status_message(stage: Stage, instances: int) -> str | None:
    """VariantStatus's message for a green variant of `instances`.

    The form of a bake's is AWS's, from its EventBridge sample: "Baking for 600 seconds (TerminationWaitInSeconds) with
    traffic enabled on canary capacity of 1 instance(s)."; the words for other capacities are ours.
    """
    if stage.shift is None:
        return None
    whole = stage.shift.share >= 1
    enabled = instances if whole else enabled_instances(stage.shift.share, instances)
    capacity = f"traffic enabled on {'full' if whole else 'canary'} capacity of {enabled} instance(s)."
    if stage.status is VariantStatus.BAKING:
        return f"Baking for {stage.shift.wait_s:g} seconds ({stage.shift.wait}) with {capacity}"
    return f"Going on to {capacity}"
