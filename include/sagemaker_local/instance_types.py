"""The ML instance types: what one offers and what an hour of real-time inference on it costs.

Prices are USD per hour on demand in us-east-1, with the three decimals that the service prints and calculates with.
Sizes are those of the EC2 type of the same name. A type that the table does not list is unknown: nothing is guessed.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# How sure a price is: A = printed in AWS's documentation or quoted from the AWS Price List; B = the same in at least
# two independent public tables and consistent with the rule (EC2 price x 1.2; x 1.4 or x 1.25 for GPUs); C = the rule
# only, or tables disagree.


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One type. `usd_per_hour` is None when no price is known; `accelerators` counts GPUs and inference chips."""

    name: str
    vcpus: int
    memory_gib: float
    usd_per_hour: float | None
    accelerators: int = 0
    price_confidence: str = "C"

    @property
    def burstable(self) -> bool:
        """Whether its speed depends on credits; Inference Recommender refuses such types."""
        return is_burstable(self.name)


def is_burstable(name: str) -> bool:
    """Whether a type's speed depends on credits, as that of EC2's T families does (ml.trn1 is none of them)."""
    return re.match(r"ml\.t\d", name) is not None


_TABLE = (
    InstanceType("ml.t2.medium", 2, 4, 0.056, 0, "B"),
    InstanceType("ml.t2.large", 2, 8, 0.111),
    InstanceType("ml.t2.xlarge", 4, 16, 0.223),
    InstanceType("ml.t2.2xlarge", 8, 32, 0.445),
    InstanceType("ml.m4.xlarge", 4, 16, 0.24),  # older tables say 0.28
    InstanceType("ml.m4.2xlarge", 8, 32, 0.48),  # older tables say 0.56
    InstanceType("ml.m5.large", 2, 8, 0.115, 0, "A"),
    InstanceType("ml.m5.xlarge", 4, 16, 0.23, 0, "A"),
    InstanceType("ml.m5.2xlarge", 8, 32, 0.461, 0, "A"),
    InstanceType("ml.m5.4xlarge", 16, 64, 0.922, 0, "B"),
    InstanceType("ml.m5.12xlarge", 48, 192, 2.765, 0, "B"),
    InstanceType("ml.m5.24xlarge", 96, 384, 5.53, 0, "B"),
    InstanceType("ml.m5d.large", 2, 8, 0.136),
    InstanceType("ml.m5d.xlarge", 4, 16, 0.271),
    InstanceType("ml.c5.large", 2, 4, 0.102, 0, "B"),
    InstanceType("ml.c5.xlarge", 4, 8, 0.204, 0, "A"),
    InstanceType("ml.c5.2xlarge", 8, 16, 0.408, 0, "B"),
    InstanceType("ml.c5.4xlarge", 16, 32, 0.816, 0, "B"),
    InstanceType("ml.c5.9xlarge", 36, 72, 1.836, 0, "A"),
    InstanceType("ml.c5.18xlarge", 72, 144, 3.672),
    InstanceType("ml.c5d.large", 2, 4, 0.115, 0, "A"),
    InstanceType("ml.c5d.xlarge", 4, 8, 0.23, 0, "A"),
    InstanceType("ml.c5d.2xlarge", 8, 16, 0.461),
    InstanceType("ml.c5d.4xlarge", 16, 32, 0.922),
    InstanceType("ml.c5d.9xlarge", 36, 72, 2.074),
    InstanceType("ml.r5.large", 2, 16, 0.151, 0, "B"),
    InstanceType("ml.r5.xlarge", 4, 32, 0.302, 0, "B"),
    InstanceType("ml.r5.2xlarge", 8, 64, 0.605, 0, "B"),
    InstanceType("ml.r5.4xlarge", 16, 128, 1.21),
    InstanceType("ml.r5.12xlarge", 48, 384, 3.629),
    InstanceType("ml.c6i.large", 2, 4, 0.102),
    InstanceType("ml.c6i.xlarge", 4, 8, 0.204),
    InstanceType("ml.c6i.2xlarge", 8, 16, 0.408),
    InstanceType("ml.m6i.large", 2, 8, 0.115),  # one table says 0.113
    InstanceType("ml.m6i.xlarge", 4, 16, 0.23),
    InstanceType("ml.m6i.2xlarge", 8, 32, 0.461),
    InstanceType("ml.c7g.large", 2, 4, 0.087),
    InstanceType("ml.c7g.xlarge", 4, 8, 0.174),
    InstanceType("ml.g4dn.xlarge", 4, 16, 0.736, 1, "A"),
    InstanceType("ml.g4dn.2xlarge", 8, 32, 0.94, 1, "B"),
    InstanceType("ml.g4dn.4xlarge", 16, 64, 1.505, 1, "B"),
    InstanceType("ml.g4dn.8xlarge", 32, 128, 2.72, 1, "B"),
    InstanceType("ml.g4dn.12xlarge", 48, 192, 4.89, 4, "B"),
    InstanceType("ml.g4dn.16xlarge", 64, 256, 5.44, 1),
    InstanceType("ml.g5.xlarge", 4, 16, 1.408, 1, "B"),
    InstanceType("ml.g5.2xlarge", 8, 32, 1.515, 1, "B"),
    InstanceType("ml.g5.4xlarge", 16, 64, 2.03, 1, "B"),
    InstanceType("ml.g5.8xlarge", 32, 128, 3.06, 1, "B"),
    InstanceType("ml.g5.12xlarge", 48, 192, 7.09, 4, "B"),
    InstanceType("ml.g5.16xlarge", 64, 256, 5.12, 1),
    InstanceType("ml.g5.24xlarge", 96, 384, 10.18, 4, "B"),
    InstanceType("ml.g5.48xlarge", 192, 768, 20.36, 8, "B"),
    InstanceType("ml.g6.xlarge", 4, 16, 1.127, 1, "B"),
    InstanceType("ml.g6.2xlarge", 8, 32, 1.222, 1, "B"),
    InstanceType("ml.g6.4xlarge", 16, 64, 1.654, 1, "B"),
    InstanceType("ml.g6.12xlarge", 48, 192, 5.752, 4, "B"),
    InstanceType("ml.g6.24xlarge", 96, 384, 8.344, 4, "B"),
    InstanceType("ml.g6.48xlarge", 192, 768, 16.688, 8, "B"),
    InstanceType("ml.inf1.xlarge", 4, 8, 0.297, 1, "B"),
    InstanceType("ml.inf1.2xlarge", 8, 16, 0.489, 1),  # others say 0.471
    InstanceType("ml.inf2.xlarge", 4, 16, 0.76, 1),
    InstanceType("ml.p3.2xlarge", 8, 61, 3.825, 1, "B"),
    InstanceType("ml.p3.8xlarge", 32, 244, 14.688, 4, "B"),
    InstanceType("ml.p3.16xlarge", 64, 488, 28.152, 8, "B"),
    InstanceType("ml.p4d.24xlarge", 96, 1152, 37.69, 8),
)

_BY_NAME = {instance_type.name: instance_type for instance_type in _TABLE}


def lookup(name: str) -> InstanceType | None:
    """The type of that name (`ml.c5.large`), or None when the table does not list it."""
    return _BY_NAME.get(name)


def all_types() -> tuple[InstanceType, ...]:
    """Every type the table lists, families together, small before large."""
    return _TABLE
