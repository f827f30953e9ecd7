"""Which autoscaling an endpoint should have, from what one like it carried in a load test.

AWS publishes no formula for GetScalingConfigurationRecommendation. This one is what its own notebook does by hand with
the results of a recommendation job (aws/amazon-sagemaker-examples, optimize_endpoint_scaling.ipynb, 6b and 7): an
instance is to be used to a share of what it can carry (40 % for availability, 70 % for cost, 50 % for both), there are
as many instances as the expected traffic then needs, and 20 % more of them at most.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

DEFAULT_TARGET_PERCENT = 50
"""TargetCpuUtilizationPerCore when it is not given (API reference)."""

# "The growth factor is the amount of additional capacity that you are willing to add" (the notebook).
_GROWTH = Fraction(6, 5)


@dataclass(frozen=True, slots=True)
class Benchmarked:
    """What a load test found: `invocations` a minute on all `instances` together. `vcpus` are those of one instance."""

    invocations: int
    model_latency_ms: int
    instances: int
    vcpus: int | None = None

    @property
    def per_instance(self) -> int:
        """Invocations a minute that one instance can carry."""
        return self.invocations // self.instances


@dataclass(frozen=True, slots=True)
class Traffic:
    """The invocations a minute that are expected; None: not said."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class RecommendedScaling:
    """Bounds of the number of instances, and the targets of two target tracking policies.

    `invocations` is a minute's, of one instance. `cpu_percent` is in the unit of CPUUtilization, of which an instance
    has 100 for each vCPU; None when the vCPUs are not known.
    """

    least_instances: int
    most_instances: int
    invocations: int
    cpu_percent: int | None


def recommend_scaling(found: Benchmarked, expected: Traffic, target_percent: int) -> RecommendedScaling:
    """The scaling with which each instance is used to `target_percent` (1 to 100) of what it can carry.

    Without an expectation there is at least one instance, and at most what the traffic of the load test itself needs:
    both are our choices.
    """
    invocations = max(found.per_instance * target_percent // 100, 1)
    least = max(ceil(Fraction(expected.least or 0, invocations)), 1)
    most = found.invocations if expected.most is None else expected.most
    return RecommendedScaling(
        least_instances=least,
        most_instances=max(ceil(Fraction(most, invocations) * _GROWTH), least),
        invocations=invocations,
        cpu_percent=None if found.vcpus is None else target_percent * found.vcpus,
    )
