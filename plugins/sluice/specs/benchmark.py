"""The load test between staging and the gate, as a spec describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check
from sluice.specs.service_limits import ENVIRONMENT_KEY, INSTANCE_TYPE
from sluice.specs.traffic import TrafficSpec

ADVANCED = "Advanced"
MOST_TESTS = 10
"""Of one job: MaxNumberOfTests in the developer guide, and the recommendations that an answer may hold."""
LONGEST_JOB_S = 18_000
"""JobDurationInSeconds: "The maximum value is 18,000 seconds" (API reference)."""
VARIABLES_MAX, VALUES_MAX, VARIABLE_MAX, VALUE_MAX = 5, 3, 64, 128
"""Of EnvironmentParameterRanges: variables, values of one, characters of a name and of a value."""
DEFAULT_PATIENCE_S = 7200.0
"""A Default job takes up to 45 minutes on AWS, and waits in its queue before."""

Ranges = Annotated[
    Mapping[str, tuple[str, ...]],
    Limit("Environment variables with the values to try, in every container; each combination is a test."),
]


def check_instance_types(instance_types: tuple[str, ...]) -> None:
    """SpecError for a type that is there twice, or that no recommendation job takes."""
    for position, instance_type in enumerate(instance_types):
        path = f"instance_types[{position}]"
        if instance_type in instance_types[:position]:
            raise SpecError(path, f"{instance_type} is there twice")
        if instance_type.startswith("ml.t"):  # AWS: "Burstable instance type ml.t2.medium is not allowed."
            raise SpecError(path, f"{instance_type} is burstable, and a recommendation job refuses those")


@dataclass(frozen=True, kw_only=True)
class LatencyStop:
    """The latency at which the load test ends."""

    percentile: Annotated[str, Limit("Which percentile of latency is watched.", choices=("P95", "P99"))]
    ms: Annotated[int, Limit("Milliseconds at which the load test ends.", minimum=1)]

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class StopSpec:
    """What ends the load test early; whichever comes first."""

    latency: Annotated[LatencyStop | None, Limit("End the load test at this latency.")] = None
    max_invocations: Annotated[
        int | None,
        Limit(
            "End it at so many requests a minute; an Advanced job then recommends as many instances as carry them.",
            minimum=1,
            maximum=30_000,
        ),
    ] = None
    flat_invocations: Annotated[
        str | None,
        Limit(
            "Whether it ends when more users bring no more throughput; AWS's Stop when left out.",
            choices=("Continue", "Stop"),
        ),
    ] = None

    def __post_init__(self) -> None:
        check(self)
        if self.latency is None and self.max_invocations is None and self.flat_invocations is None:
            raise SpecError("", "is empty: it needs latency, max_invocations or flat_invocations")


@dataclass(frozen=True, kw_only=True)
class ResourceLimitSpec:
    """How much an Advanced job may use."""

    max_number_of_tests: Annotated[int | None, Limit("Tests in all.", minimum=1, maximum=MOST_TESTS)] = None
    max_parallel_of_tests: Annotated[
        int | None, Limit("Tests at a time, each on an endpoint of its own.", minimum=1, maximum=MOST_TESTS)
    ] = None

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class EndpointConfigurationSpec:
    """An instance type that an Advanced job tests, with the environments to test on it."""

    instance_type: Annotated[str, Limit("Instance type; one of benchmark.instance_types.", pattern=INSTANCE_TYPE)]
    environment_ranges: Ranges = field(default_factory=dict)

    def __post_init__(self) -> None:
        check(self)
        _check_ranges(self.environment_ranges)

    @property
    def tests(self) -> int:
        """How many tests this is: each combination of values is one."""
        return prod(len(values) for values in self.environment_ranges.values())


@dataclass(frozen=True, kw_only=True)
class BenchmarkSpec:
    """The recommendation job that loads the staging endpoint and the listed instance types."""

    job_type: Annotated[
        str, Limit("Default, which finds its own load, or Advanced, which sends yours.", choices=("Default", ADVANCED))
    ] = "Default"
    instance_types: Annotated[
        tuple[str, ...],
        Limit(
            "Instance types to recommend among; staging's must be there for a cost rule.",
            pattern=INSTANCE_TYPE,
            min_items=1,
            max_items=10,
        ),
    ]
    stop: Annotated[StopSpec | None, Limit("What ends the load test early; AWS's own rules when left out.")] = None
    traffic: Annotated[TrafficSpec | None, Limit("What an Advanced job sends; required there.")] = None
    environment_ranges: Ranges = field(default_factory=dict)
    endpoint_configurations: Annotated[
        tuple[EndpointConfigurationSpec, ...],
        Limit("What an Advanced job tests, when it is not every instance type with the same ranges.", max_items=10),
    ] = ()
    resource_limit: Annotated[ResourceLimitSpec | None, Limit("How much an Advanced job may use.")] = None
    job_duration_in_seconds: Annotated[
        int | None,
        Limit("Seconds after which an Advanced job begins no further test.", minimum=120, maximum=LONGEST_JOB_S),
    ] = None

    def __post_init__(self) -> None:
        check(self)
        check_instance_types(self.instance_types)
        _check_ranges(self.environment_ranges)
        if self.is_advanced:
            _check_advanced(self)
        else:
            _check_default(self)

    @property
    def is_advanced(self) -> bool:
        """Whether the job sends the spec's own traffic."""
        return self.job_type == ADVANCED

    @property
    def configurations(self) -> tuple[EndpointConfigurationSpec, ...]:
        """What an Advanced job tests beside the staging endpoint; nothing is said to a Default job, which chooses."""
        if not self.is_advanced:
            return ()
        of_all = (
            EndpointConfigurationSpec(instance_type=each, environment_ranges=self.environment_ranges)
            for each in self.instance_types
        )
        return self.endpoint_configurations or tuple(of_all)

    def configurations_with(self, instance_types: Sequence[str]) -> tuple[EndpointConfigurationSpec, ...]:
        """The same, and each further instance type as it is: what an Advanced job tests that is given those types."""
        tested = {each.instance_type for each in self.configurations}
        more = (EndpointConfigurationSpec(instance_type=each) for each in instance_types if each not in tested)
        return (*self.configurations, *more)

    @property
    def variables(self) -> frozenset[str]:
        """The environment variables whose values the job compares."""
        return frozenset(name for each in self.configurations for name in each.environment_ranges)

    @property
    def most_tests(self) -> int:
        """How many tests of instance types one job may make."""
        limit = self.resource_limit.max_number_of_tests if self.resource_limit else None
        return limit or MOST_TESTS

    @property
    def patience_s(self) -> float:
        """How long the job may take: what runs when JobDurationInSeconds is over still comes to its end."""
        if self.traffic is None:
            return DEFAULT_PATIENCE_S
        return (self.job_duration_in_seconds or LONGEST_JOB_S) + self.traffic.duration_s + DEFAULT_PATIENCE_S


def _check_ranges(ranges: Mapping[str, tuple[str, ...]]) -> None:
    if len(ranges) > VARIABLES_MAX:
        raise SpecError("environment_ranges", f"may have at most {VARIABLES_MAX} variables, and has {len(ranges)}")
    for name, values in ranges.items():
        path = f"environment_ranges.{name}"
        if not re.fullmatch(ENVIRONMENT_KEY, name) or len(name) > VARIABLE_MAX:
            raise SpecError(path, f"is no variable name of at most {VARIABLE_MAX} letters, digits and underscores")
        if not 1 <= len(values) <= VALUES_MAX or len(set(values)) != len(values):
            raise SpecError(path, f"needs 1 to {VALUES_MAX} values, each once, and has {list(values)}")
        if any(len(value) > VALUE_MAX for value in values):
            raise SpecError(path, f"has a value of more than {VALUE_MAX} characters")


def _check_default(benchmark: BenchmarkSpec) -> None:
    """Ours where AWS takes it and says nothing: a Default job finds its own load, and what to vary by itself."""
    for key in (
        "traffic",
        "environment_ranges",
        "endpoint_configurations",
        "resource_limit",
        "job_duration_in_seconds",
    ):
        if getattr(benchmark, key):
            raise SpecError(key, f"belongs to job_type {ADVANCED}; a Default job makes its own load")


def _check_advanced(benchmark: BenchmarkSpec) -> None:
    """AWS: "Load tests require that you also specify a traffic pattern and stopping conditions" (developer guide)."""
    if benchmark.traffic is None:
        raise SpecError("traffic", f"is missing: a job of job_type {ADVANCED} sends the traffic that you describe")
    if benchmark.stop is None:
        raise SpecError("stop", f"is missing: a job of job_type {ADVANCED} needs a condition that ends it")
    longest_s = benchmark.job_duration_in_seconds or LONGEST_JOB_S
    if benchmark.traffic.duration_s > longest_s:
        # AWS: "Total Traffic duration (across) should not be more than Job duration."
        raise SpecError("traffic", f"takes {benchmark.traffic.duration_s} s, and the whole job may take {longest_s} s")
    _check_configurations(benchmark)


def _check_configurations(benchmark: BenchmarkSpec) -> None:
    if benchmark.endpoint_configurations and benchmark.environment_ranges:
        raise SpecError("environment_ranges", "beside endpoint_configurations says nothing: write it in each of them")
    for position, each in enumerate(benchmark.endpoint_configurations):
        if each.instance_type not in benchmark.instance_types:
            # The package names those types, and lets AWS use no others.
            raise SpecError(
                f"endpoint_configurations[{position}].instance_type",
                f"{each.instance_type} is none of instance_types ({', '.join(benchmark.instance_types)})",
            )
    tests = sum(each.tests for each in benchmark.configurations)
    limit = benchmark.resource_limit.max_number_of_tests if benchmark.resource_limit else None
    if tests > (limit or MOST_TESTS):
        key = "endpoint_configurations" if benchmark.endpoint_configurations else "environment_ranges"
        allowed = f"resource_limit.max_number_of_tests is {limit}" if limit else f"a job makes at most {MOST_TESTS}"
        raise SpecError(key, f"makes {tests} tests, one for each instance type and combination of values; {allowed}")
