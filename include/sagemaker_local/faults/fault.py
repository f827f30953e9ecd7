"""A fault as a value: its kind, where it strikes, and what it does there.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What goes wrong."""

    THROTTLING = "throttling"
    RESOURCE_LIMIT_EXCEEDED = "resource_limit_exceeded"
    INSUFFICIENT_CAPACITY = "insufficient_capacity"
    SLOW_CREATION = "slow_creation"
    FAILED_PING = "failed_ping"
    FAILED_ROLLBACK = "failed_rollback"
    DELAY = "delay"
    ERROR = "error"
    CRASH = "crash"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a fault of a kind may say: by what it can be limited, and what it needs or can have besides."""

    scope: frozenset[str]
    needs: frozenset[str] = frozenset()
    can_have: frozenset[str] = frozenset()


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


_INSTANCES = _names("region", "endpoint", "variant", "instance_type")
_CONTAINERS = _names("region", "endpoint", "variant", "container")

RULES: Mapping[Kind, Rules] = {
    Kind.THROTTLING: Rules(_names("region", "operation", "endpoint")),
    Kind.RESOURCE_LIMIT_EXCEEDED: Rules(_names("region", "operation", "endpoint", "instance_type")),
    Kind.INSUFFICIENT_CAPACITY: Rules(_INSTANCES),
    Kind.SLOW_CREATION: Rules(_INSTANCES, needs=_names("seconds")),
    Kind.FAILED_PING: Rules(_INSTANCES | _CONTAINERS),
    Kind.FAILED_ROLLBACK: Rules(_names("region", "endpoint")),
    Kind.DELAY: Rules(_CONTAINERS, needs=_names("seconds")),
    Kind.ERROR: Rules(_CONTAINERS, needs=_names("status"), can_have=_names("body")),
    Kind.CRASH: Rules(_CONTAINERS),
}

INVOCATION_KINDS = frozenset({Kind.DELAY, Kind.ERROR, Kind.CRASH})
"""The kinds that strike while a container is asked."""
INVOKE_OPERATIONS = frozenset({"InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"})
"""The operations of SageMaker Runtime."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One injected fault. What has no meaning for its kind has the default."""

    id: str
    kind: Kind
    scope: Mapping[str, str] = field(default_factory=dict)  # what it is limited to; {} strikes everywhere
    probability: float = 1.0
    count: int | None = None  # how often it strikes at most; None: without end
    seed: int | None = None  # of the chance that `probability` is about; None: another one each time
    seconds: float = 0.0
    status: int = 0
    body: str = ""

    @property
    def strikes_invocations(self) -> bool:
        """Whether requests to endpoints have to pass by it."""
        if self.kind is Kind.THROTTLING:
            return self.scope.get("operation", "InvokeEndpoint") in INVOKE_OPERATIONS
        return self.kind in INVOCATION_KINDS

    def meets(self, kind: Kind, occasion: Occasion) -> bool:
        """Whether this is what the fault waits for."""
        return kind is self.kind and all(occasion.get(name) == value for name, value in self.scope.items())


Occasion = Mapping[str, str]
"""Where something is about to happen: as much as is known of the names that a scope may have."""
