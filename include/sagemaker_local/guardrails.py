"""Deployment guardrails as values: what a DeploymentConfig asks for, and the traffic shifts that follow from it.

Sources: the service model, and SageMaker's guide on deployment guardrails (blue/green, canary, linear, rolling).
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Routing(StrEnum):
    """How traffic goes from the old fleet, blue, to the new one, green."""

    ALL_AT_ONCE = "ALL_AT_ONCE"
    CANARY = "CANARY"
    LINEAR = "LINEAR"
    ROLLING = "ROLLING"  # RollingUpdatePolicy; the API has no such Type


class Wait(StrEnum):
    """The member of the DeploymentConfig that a wait comes from."""

    INTERVAL = "WaitIntervalInSeconds"
    TERMINATION = "TerminationWaitInSeconds"


class VariantStatus(StrEnum):
    """What a deployment under way is doing, as DescribeEndpoint's VariantStatus says it."""

    CREATING = "Creating"
    UPDATING = "Updating"  # the running instances change: other capacity, or a rollback in batches
    ACTIVATING_TRAFFIC = "ActivatingTraffic"
    BAKING = "Baking"
    DELETING = "Deleting"  # a rolling deployment: a batch of the old fleet is drained and stopped


@dataclass(frozen=True, slots=True)
class CapacitySize:
    """A part of a fleet: a number of instances, or a percentage of its capacity."""

    in_percent: bool
    value: int

    def share(self, instances: int) -> float:
        """The part of a fleet of `instances` that this is: above 0, and 1 for more than all of them."""
        return min(1.0, self.value / (100 if self.in_percent else instances))

    def instances(self, instances: int) -> int:
        """How many of `instances` that is, rounded up: at least one."""
        return _part(self.share(instances), instances)


@dataclass(frozen=True, slots=True)
class Guardrails:
    """A deployment policy.

    `step` is the canary, the linear step or the batch; None when all traffic goes over at once. `rollback_step` is the
    batch in which a rolling deployment goes back; None means all at once.
    """

    routing: Routing = Routing.ALL_AT_ONCE
    step: CapacitySize | None = None
    rollback_step: CapacitySize | None = None
    wait_interval_s: float = 0.0
    termination_wait_s: float = 0.0
    max_execution_s: float | None = None  # None: the deployment may take as long as its containers and waits do
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Green gets `share` (0 to 1) of the traffic, and after that nothing is changed for `wait_s` seconds.

    `green` is how many instances of each of its variants run by then: all of them, except in a rolling deployment.
    """

    share: float
    wait_s: float
    wait: Wait
    green: tuple[int, ...] = ()

    @property
    def rolling(self) -> bool:
        """Whether blue gives up instances in turn. Then all of green's have traffic, and none is a mere canary."""
        return bool(self.green)


@dataclass(frozen=True, slots=True)
class Retreat:
    """A step of a rollback: blue has these instances of each variant again, and then green keeps only `share`."""

    blue: tuple[int, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a deployment under way has come to. `at_s` is when it came there, seconds since the epoch.

    `blue` and `green` are the instances that run of each fleet's variants, None for all of them.
    """

    status: VariantStatus
    at_s: float
    shift: Shift | None = None  # None until green has traffic
    blue: tuple[int, ...] | None = None
    green: tuple[int, ...] | None = None


def guardrails_of(config: Mapping[str, Any] | None) -> Guardrails:
    """The policy that a validated DeploymentConfig asks for; without one, all at once and without baking."""
    if config is None:
        return Guardrails()
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", ())
    names = tuple(dict.fromkeys(alarm["AlarmName"] for alarm in alarms))
    if "RollingUpdatePolicy" in config:
        return _rolling(config["RollingUpdatePolicy"], names)
    policy = config.get("BlueGreenUpdatePolicy")
    if policy is None:
        return Guardrails(alarms=names)
    routing = policy["TrafficRoutingConfiguration"]
    return Guardrails(
        routing=Routing(routing["Type"]),
        step=_size(routing.get("CanarySize") or routing.get("LinearStepSize")),
        wait_interval_s=routing["WaitIntervalInSeconds"],
        termination_wait_s=policy.get("TerminationWaitInSeconds", 0),
        max_execution_s=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=names,
    )


def _rolling(policy: Mapping[str, Any], alarms: tuple[str, ...]) -> Guardrails:
    return Guardrails(
        routing=Routing.ROLLING,
        step=_size(policy["MaximumBatchSize"]),
        rollback_step=_size(policy.get("RollbackMaximumBatchSize")),
        wait_interval_s=policy["WaitIntervalInSeconds"],
        max_execution_s=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=alarms,
    )


def _size(size: Mapping[str, Any] | None) -> CapacitySize | None:
    return None if size is None else CapacitySize(size["Type"] == "CAPACITY_PERCENT", size["Value"])


def shifts(guardrails: Guardrails, counts: Sequence[int]) -> Iterator[Shift]:
    """The traffic shifts to a green fleet with `counts` instances of its variants; the last one gives it everything."""
    if guardrails.step is not None and guardrails.routing is Routing.ROLLING:
        yield from _batches(guardrails, guardrails.step, counts)
        return
    if guardrails.step is not None:
        step = guardrails.step.share(sum(counts))
        # A step of 30 % makes 30, 60, 90 and 100: the last one is what is left.
        steps = 1 if guardrails.routing is Routing.CANARY else math.ceil(round(1 / step, 6)) - 1
        for number in range(1, steps + 1):
            yield Shift(number * step, guardrails.wait_interval_s, Wait.INTERVAL)
    yield Shift(1.0, guardrails.termination_wait_s, Wait.TERMINATION)


def _batches(guardrails: Guardrails, step: CapacitySize, counts: Sequence[int]) -> Iterator[Shift]:
    """Each variant in batches of its own size. Traffic follows the instances; every batch bakes, the last one too."""
    sizes = [step.instances(count) for count in counts]
    for batch in range(1, max(math.ceil(count / size) for count, size in zip(counts, sizes, strict=True)) + 1):
        green = tuple(min(count, batch * size) for count, size in zip(counts, sizes, strict=True))
        yield Shift(sum(green) / sum(counts), guardrails.wait_interval_s, Wait.INTERVAL, green)


def remaining(share: float, counts: Sequence[int]) -> tuple[int, ...]:
    """What a rolling deployment leaves of a blue fleet once green has had `share` of the traffic for good."""
    return tuple(count - math.floor(round(count * share, 6)) for count in counts)


def retreats(guardrails: Guardrails, present: Sequence[int], full: Sequence[int]) -> Iterator[Retreat]:
    """How a rollback gets blue from its `present` instances back to all of them; the last step gives it everything."""
    step = guardrails.rollback_step
    sizes = [count if step is None else step.instances(count) for count in full]
    blue = tuple(present)
    while True:
        blue = tuple(min(all_, have + size) for have, size, all_ in zip(blue, sizes, full, strict=True))
        if blue == tuple(full):
            yield Retreat(blue, 0.0)
            return
        yield Retreat(blue, 1 - sum(blue) / sum(full))


def total_wait_s(guardrails: Guardrails, counts: Sequence[int]) -> float:
    """All waits of a deployment that goes well."""
    return sum(shift.wait_s for shift in shifts(guardrails, counts))


def enabled_instances(share: float, instances: int) -> int:
    """How many of a green variant's instances take traffic while green has `share` of it: at least one."""
    return max(1, _part(share, instances))


def status_message(stage: Stage, instances: int) -> str | None:
    """VariantStatus's message for a green variant of which `instances` run.

    The form of a bake's is AWS's, from its EventBridge sample: "Baking for 600 seconds (TerminationWaitInSeconds) with
    traffic enabled on canary capacity of 1 instance(s)."; the words for other capacities are ours.
    """
    if stage.shift is None:
        return None
    capacity = f"traffic enabled on {_capacity(stage.shift, instances)} instance(s)."
    match stage.status:
        case VariantStatus.BAKING:
            return f"Baking for {stage.shift.wait_s:g} seconds ({stage.shift.wait}) with {capacity}"
        case VariantStatus.CREATING:
            return f"Creating the next batch with {capacity}"
        case VariantStatus.DELETING:
            return f"Deleting a batch of the old fleet with {capacity}"
    return f"Going on to {capacity}"


def _capacity(shift: Shift, instances: int) -> str:
    if shift.share >= 1:
        return f"full capacity of {instances}"
    if shift.rolling:
        return f"rolling capacity of {instances}"
    return f"canary capacity of {enabled_instances(shift.share, instances)}"


def _part(share: float, instances: int) -> int:
    """`share` of the instances, rounded up; 0.3 of 10 is 3, whatever binary fractions make of it."""
    return math.ceil(round(share * instances, 6))
