"""What one second of a load was like, for whoever watches it; a stage's result is counted apart from it.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.stage import Failure


@dataclass(frozen=True, slots=True)
class Progress:
    """What was answered in `seconds` seconds up to `at_s` (since the epoch), the warm-up of a stage not left out.

    `users` are at work at its end. With a rate (`rate_per_s`: requests that become due each second) users are the
    connections that carry them, and `waiting` is how many are due that no connection was free for.
    """

    at_s: float
    seconds: float
    users: int
    succeeded: int = 0
    failures: Mapping[Failure, int] = field(default_factory=dict)
    latency: Histogram = field(default_factory=Histogram)  # of predictions, as the client saw it
    model_latency: Histogram = field(default_factory=Histogram)  # of predictions that tell it
    rate_per_s: float | None = None
    waiting: int = 0

    @property
    def failed(self) -> int:
        """How many requests got no prediction."""
        return sum(self.failures.values())

    @property
    def requests(self) -> int:
        """How many requests ended."""
        return self.succeeded + self.failed

    @property
    def per_second(self) -> float:
        """Predictions a second."""
        return self.succeeded / self.seconds if self.seconds > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` makes an equal one of it."""
        return {
            "at_s": self.at_s,
            "seconds": self.seconds,
            "users": self.users,
            "succeeded": self.succeeded,
            "failures": {failure.value: count for failure, count in self.failures.items()},
            "latency": self.latency.to_json(),
            "model_latency": self.model_latency.to_json(),
            "rate_per_s": self.rate_per_s,
            "waiting": self.waiting,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Progress:
        """What `to_json` wrote. Raises KeyError or ValueError when `document` is something else."""
        return cls(
            at_s=document["at_s"],
            seconds=document["seconds"],
            users=document["users"],
            succeeded=document["succeeded"],
            failures={Failure(name): count for name, count in document["failures"].items()},
            latency=Histogram.from_json(document["latency"]),
            model_latency=Histogram.from_json(document["model_latency"]),
            rate_per_s=document["rate_per_s"],
            waiting=document["waiting"],
        )
