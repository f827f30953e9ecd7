"""Which benchmarks a job consists of.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeAlias

from include.sagemaker_local.instance_types import lookup
from include.sagemaker_local.jobs.host import Host, misfit
from include.sagemaker_local.jobs.request import JobRequest, WantedConfiguration

# A job's InferenceRecommendations holds 1 to 10 entries.
MAX_TESTS = 10

# For a package that allows every type: small ones, one each of compute, general purpose and memory, cheapest first, and
# two that are larger, of which a host takes as many as it can hold.
DEFAULT_INSTANCE_TYPES = ("ml.c5.large", "ml.m5.large", "ml.r5.large", "ml.c5.xlarge", "ml.c5.2xlarge")

# Enough to compare, few enough that a job without any wishes ends within a minute or two.
_MAX_DEFAULT_TESTS = 3


@dataclass(frozen=True, slots=True)
class EndpointBenchmark:
    """The job's existing endpoint."""

    endpoint_name: str

    @property
    def label(self) -> str:
        """What logs call it."""
        return f"endpoint {self.endpoint_name}"


@dataclass(frozen=True, slots=True)
class InstanceBenchmark:
    """A fleet of its own on one instance type. `refusal` is why it cannot be measured here, None when it can.

    `estimated`: the host cannot hold it, and what it would do is estimated from smaller sizes of it.
    `specification` is the additional inference specification of the package that runs; None: the package's own.
    """

    instance_type: str | None
    environment: tuple[tuple[str, str], ...] = ()
    refusal: str | None = None
    specification: str | None = None
    estimated: bool = False

    @property
    def label(self) -> str:
        """What logs call it."""
        specification = [self.specification] if self.specification else []
        environment = [f"{name}={value}" for name, value in self.environment]
        return " ".join([str(self.instance_type), *specification, *environment])


Benchmark: TypeAlias = EndpointBenchmark | InstanceBenchmark


@dataclass(frozen=True, slots=True)
class Plan:
    """The benchmarks of a job in the order in which they begin, and those that are beyond its limit."""

    benchmarks: tuple[Benchmark, ...]
    left_out: tuple[InstanceBenchmark, ...] = ()
    limit: int = MAX_TESTS  # of tests of instance types


def plan_benchmarks(request: JobRequest, package_types: tuple[str, ...], host: Host, *, estimate: bool = False) -> Plan:
    """The existing endpoint first, then one benchmark for every instance type and combination of environment values.

    Instance types are the request's, else those that the package allows, else a few that this host can hold. With
    `estimate`, types that it cannot hold for their size are estimated and not refused.
    """
    if request.configurations:
        tests = [test for wanted in request.configurations for test in _tests(wanted)]
    else:
        types = package_types or _default_types(host)
        tests = [InstanceBenchmark(name) for name in dict.fromkeys(types)]
    judged = [_judged(test, host, estimate=estimate) for test in tests]
    limit = min(request.max_tests or MAX_TESTS, MAX_TESTS)
    endpoint = (EndpointBenchmark(request.endpoint_name),) if request.endpoint_name else ()
    return Plan((*endpoint, *judged[:limit]), tuple(judged[limit:]), limit)


def _tests(wanted: WantedConfiguration) -> Iterator[InstanceBenchmark]:
    refusal = (
        "Serverless endpoints do not support inference pipelines; name an InstanceType instead."
        if wanted.serverless
        else None
    )
    names = [name for name, _ in wanted.environment_ranges]
    for values in product(*(values for _, values in wanted.environment_ranges)):
        environment = tuple(zip(names, values, strict=True))
        yield InstanceBenchmark(wanted.instance_type, environment, refusal, wanted.inference_specification)


def _judged(test: InstanceBenchmark, host: Host, *, estimate: bool) -> InstanceBenchmark:
    """The test, with why it cannot be carried out here."""
    if test.refusal is not None:
        return test
    reason = _refusal(test.instance_type, host)
    if reason is not None and estimate and _only_too_large(test.instance_type):
        return replace(test, estimated=True)
    return replace(test, refusal=reason)


def _only_too_large(name: str | None) -> bool:
    known = lookup(name) if name else None
    return known is not None and not known.burstable and not known.accelerators


def _refusal(name: str | None, host: Host) -> str | None:
    instance_type = lookup(name) if name else None
    if instance_type is None:
        return f"The instance type {name} is not in the price table of the local SageMaker, so it cannot be measured."
    if instance_type.burstable:
        return f"Burstable instance type {name} is not allowed."
    reason = misfit(instance_type, host)
    return f"{reason}." if reason else None


def _default_types(host: Host) -> tuple[str, ...]:
    fitting = [name for name in DEFAULT_INSTANCE_TYPES if _refusal(name, host) is None]
    return tuple(fitting[:_MAX_DEFAULT_TESTS]) or DEFAULT_INSTANCE_TYPES[:1]
