"""What an endpoint runs, resolved and frozen at the moment CreateEndpoint or UpdateEndpoint was accepted.

Configs and models may be deleted while an endpoint still uses them, so an endpoint carries its own copy.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pipeline: `name` is its ContainerHostname, or container-N by position."""

    name: str
    image: str
    model_data_url: str | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VariantPlan:
    """One production variant: how many instances of which type run which chain of containers."""

    name: str
    model_name: str
    instance_type: str
    instance_count: int
    weight: float
    containers: tuple[Container, ...]
    startup_timeout_s: float | None = None  # how long /ping may take to answer; None means the server's default
    direct: bool = False  # InferenceExecutionConfig Mode Direct: a request is for one container, which it names
    config_name: str | None = None  # the EndpointConfig it is from; None means the deployment's
    # Of fleets that jobs start, and so not kept: where its instances' cores begin (None: anywhere), and how many they
    # have (None: the type's).
    first_cpu: int | None = None
    vcpus: int | None = None


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the containers of a fleet that is no endpoint's log. Stream names begin as an endpoint's do."""

    group: str
    instance_suffix: str = ""  # follows the instance's id in the names of its streams


@dataclass(frozen=True, slots=True)
class AsyncInference:
    """An endpoint that takes asynchronous invocations only, and where their results go (AsyncInferenceConfig)."""

    output_path: str
    failure_path: str | None = None
    success_topic: str | None = None
    error_topic: str | None = None
    max_concurrent: int | None = None  # requests under way on one instance; None leaves it to the server


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything the supervisor needs to start an endpoint's fleet, under the name of its EndpointConfig.

    A name is there twice only after a rolling deployment whose rollback failed: then instances of two configs serve.
    """

    config_name: str
    variants: tuple[VariantPlan, ...]
    logs: LogPlace | None = None  # None: the endpoint's log group. Not kept in the store: endpoints have none
    asynchronous: AsyncInference | None = None  # None: invocations are answered at once

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of instances of each variant."""
        return tuple(plan.instance_count for plan in self.variants)

    def instances_by_type(self) -> Counter[str]:
        """The number of instances of each instance type."""
        counts: Counter[str] = Counter()
        for plan in self.variants:
            counts[plan.instance_type] += plan.instance_count
        return counts

    def with_counts(self, counts: Sequence[int]) -> Deployment:
        """The same with other numbers of instances."""
        pairs = zip(self.variants, counts, strict=True)
        return replace(self, variants=tuple(replace(plan, instance_count=count) for plan, count in pairs))


def by_name(plans: Iterable[VariantPlan]) -> dict[str, VariantPlan]:
    """The variants by name. One of a name that is there twice has the instances and the weight of both."""
    found: dict[str, VariantPlan] = {}
    for plan in plans:
        before = found.get(plan.name)
        found[plan.name] = plan if before is None else _together(before, plan)
    return found


def _together(one: VariantPlan, other: VariantPlan) -> VariantPlan:
    count, weight = one.instance_count + other.instance_count, one.weight + other.weight
    return replace(one, instance_count=count, weight=weight)
