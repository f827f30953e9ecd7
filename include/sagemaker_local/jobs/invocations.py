"""InvokeEndpoint requests as an AWS SDK would send them, through the gateway.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.sagemaker_local.jobs.subject import Subject
from include.sagemaker_local.load.course import Course
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.wire.sigv4 import Key

# The gateway gives the containers `invoke_timeout_s` and then answers itself. The client waits a little longer, so that
# it is the gateway's answer that is counted.
_CLIENT_PATIENCE_S = 5.0

# Well formed and worth nothing: without keys of its own the gateway takes any and reads the region from the signature.
_ANY_KEY = Key("AKIALOCALRECOMMENDER", "unknown")

_ALL_ADDRESSES = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised here, nothing is bound to it


@dataclass(frozen=True, slots=True)
class Sample:
    """What a job sends, how much of it when, and when it has seen enough: the same for all its benchmarks."""

    payloads: tuple[bytes, ...]
    headers: tuple[tuple[str, str], ...]
    course: Course
    rules: StopRules
    region: str


def sample_of(subject: Subject, payloads: list[bytes], load: tuple[Course, StopRules], region: str) -> Sample:
    """The sample that tests `subject` in `region`, on that course until those rules end it."""
    headers = [("content-type", subject.content_type)]
    if subject.accept is not None:
        headers.append(("accept", subject.accept))
    return Sample(tuple(payloads), tuple(headers), *load, region)


def load_plan(sample: Sample, endpoint_name: str, gateway_port: int, settings: Settings) -> LoadPlan:
    """The plan that loads one endpoint through the gateway."""
    return LoadPlan(
        host="127.0.0.1" if settings.host in _ALL_ADDRESSES else settings.host,
        port=gateway_port,
        target=f"/endpoints/{endpoint_name}/invocations",
        headers=sample.headers,
        payloads=sample.payloads,
        course=sample.course,
        rules=sample.rules,
        timeout_s=settings.invoke_timeout_s + _CLIENT_PATIENCE_S,
        key=next((Key(*pair) for pair in settings.signing_keys.items()), _ANY_KEY),
        region=sample.region,
    )
