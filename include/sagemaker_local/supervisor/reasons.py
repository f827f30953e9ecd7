"""FailureReason texts of endpoints, as DescribeEndpoint gives them. Pure functions of what failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from include.sagemaker_local.deployment import Deployment, VariantPlan
from include.sagemaker_local.errors import ContainerError

# The service model's limit for FailureReason.
MAX_REASON_CHARS = 1024


class Stage(StrEnum):
    """How far a container came."""

    START = "start"  # its artifact or image could not be used
    PING = "ping"  # it was started and did not pass the health check


@dataclass(frozen=True, slots=True)
class ContainerFailure:
    """One container that did not come up. `reason` is a clause: "exited with status 1 before it answered /ping"."""

    variant: str
    container: str
    stage: Stage
    reason: str
    log_tail: tuple[str, ...] = ()


class FleetFailed(ContainerError):
    """A fleet that did not come up. `failures` has every container that failed, `failure_reason` AWS's text for it."""

    def __init__(self, deployment: Deployment, failures: Sequence[ContainerFailure]) -> None:
        first = failures[0]
        super().__init__(first.container, first.reason, log_tail=first.log_tail)
        self.failures = tuple(failures)
        self.failure_reason = failure_reason(deployment, failures)

    def __str__(self) -> str:
        return "; ".join(_unique(f"container {one.container!r} {one.reason}" for one in self.failures))


def failure_reason(deployment: Deployment, failures: Sequence[ContainerFailure]) -> str:
    """AWS's text when containers did not pass /ping; what is wrong with them when they could not even be started."""
    not_started = [f"container {one.container!r} {one.reason}" for one in failures if one.stage is Stage.START]
    if not_started:
        return "; ".join(_unique(not_started))[:MAX_REASON_CHARS]
    sentences = [_ping_sentence(variant, failures) for variant in deployment.variants]
    text = " ".join(sentence for sentence in sentences if sentence)
    return f"{text} Please check CloudWatch logs for this endpoint."[:MAX_REASON_CHARS]


def _ping_sentence(variant: VariantPlan, failures: Sequence[ContainerFailure]) -> str:
    names = _unique(one.container for one in failures if one.variant == variant.name)
    if not names:
        return ""
    return f"The {_subject(names, variant)} for production variant {variant.name} did not pass the ping health check."


def _subject(names: list[str], variant: VariantPlan) -> str:
    if len(variant.containers) == 1:
        return "primary container"
    if len(names) == 1:
        return f"{names[0]} container"
    return f"{', '.join(names[:-1])} and {names[-1]} containers"


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
