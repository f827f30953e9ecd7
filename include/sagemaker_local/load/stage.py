"""What the users saw during one stage: a while in which their number did not change.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.marks import Marks


class Failure(StrEnum):
    """Why a request got no prediction."""

    CLIENT_ERROR = "4xx"  # the caller's fault, as the endpoint sees it
    SERVER_ERROR = "5xx"  # 500 and above, and 424, which is how the service passes on a container's error
    CONNECTION = "connection"  # refused, reset, or no HTTP
    TIMEOUT = "timeout"  # no answer in the time that the plan allows


@dataclass(frozen=True, slots=True)
class StageResult:
    """Counts and latencies of one stage's measured part; its warm-up is in none of them.

    `span_s` is the length of the measured part. It begins and ends with an answer, so the throughput of a slow model is
    not off by the fraction of a request that the borders would cut.
    """

    users: int
    span_s: float
    succeeded: int
    failures: Mapping[Failure, int] = field(default_factory=dict)
    first_failure: str | None = None  # what the first failed request got, for a person
    latency: Histogram = field(default_factory=Histogram)  # as the client saw it
    model_latency: Histogram = field(default_factory=Histogram)  # all containers of a request together
    container_latency: Mapping[str, Histogram] = field(default_factory=dict)
    # Of an open loop, whose `latency` counts from when a request was due: how long it took from when it was sent.
    service_latency: Histogram = field(default_factory=Histogram)
    marks: Marks = field(default_factory=Marks)  # the pace at which predictions came
    rate_per_s: float | None = None  # of an open loop: how many requests a second were to be sent
    waiting: int = 0  # of an open loop: how many requests were due at the end and had not been sent
    generator_busy: bool = False  # the generator itself was the limit; the endpoint may be able to do more
    generator_cores: tuple[int, ...] = ()  # those that the generator kept to, apart from what it loaded; none: any
    failed_statuses: Mapping[int, int] = field(default_factory=dict)  # HTTP statuses of failed requests that have one
    generator_share: float = 0.0  # of one core: what the generator used of it, or waited for (own_share.py)

    @property
    def failed(self) -> int:
        """How many requests got no prediction."""
        return sum(self.failures.values())

    @property
    def failure_share(self) -> float:
        """Failed requests as a share of all, 0 to 1. A stage in which nothing was answered at all has failed."""
        answered = self.succeeded + self.failed
        return self.failed / answered if answered else 1.0

    @property
    def per_second(self) -> float:
        """Predictions a second."""
        return self.succeeded / self.span_s if self.span_s > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` makes an equal result of it."""
        return {
            "users": self.users,
            "span_s": self.span_s,
            "succeeded": self.succeeded,
            "failures": {failure.value: count for failure, count in self.failures.items()},
            "failed_statuses": {str(status): count for status, count in self.failed_statuses.items()},
            "first_failure": self.first_failure,
            "latency": self.latency.to_json(),
            "model_latency": self.model_latency.to_json(),
            "container_latency": {name: histogram.to_json() for name, histogram in self.container_latency.items()},
            "service_latency": self.service_latency.to_json(),
            "marks": self.marks.to_json(),
            "rate_per_s": self.rate_per_s,
            "waiting": self.waiting,
            "generator_busy": self.generator_busy,
            "generator_cores": list(self.generator_cores),
            "generator_share": self.generator_share,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> StageResult:
        """The result that `to_json` wrote. Raises KeyError or ValueError when `document` is something else."""
        return cls(
            users=document["users"],
            span_s=document["span_s"],
            succeeded=document["succeeded"],
            failures={Failure(name): count for name, count in document["failures"].items()},
            failed_statuses={int(status): count for status, count in document["failed_statuses"].items()},
            first_failure=document["first_failure"],
            latency=Histogram.from_json(document["latency"]),
            model_latency=Histogram.from_json(document["model_latency"]),
            container_latency={
                name: Histogram.from_json(histogram) for name, histogram in document["container_latency"].items()
            },
            service_latency=Histogram.from_json(document["service_latency"]),
            marks=Marks.from_json(document["marks"]),
            rate_per_s=document["rate_per_s"],
            waiting=document["waiting"],
            generator_busy=document["generator_busy"],
            generator_cores=tuple(document["generator_cores"]),
            generator_share=document["generator_share"],
        )
