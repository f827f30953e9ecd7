"""InvokeEndpoint requests as an AWS SDK would send them, through the gateway.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from include.sagemaker_local.jobs.subject import Subject
from include.sagemaker_local.load.arrivals import StopRules
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.settings import Settings

# The gateway gives the containers `invoke_timeout_s` and then answers itself. The client waits a little longer, so that
# it is the gateway's answer that is counted.
_CLIENT_PATIENCE_S = 5.0

# Well formed and worth nothing: the gateway takes any credentials and reads the region from them.
_ACCESS_KEY = "AKIALOCALRECOMMENDER"
_SIGNATURE = "0" * 64

_ALL_ADDRESSES = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised here, nothing is bound to it


@dataclass(frozen=True, slots=True)
class Sample:
    """What a job sends, and when it has seen enough: the same for all its benchmarks."""

    payloads: tuple[bytes, ...]
    headers: tuple[tuple[str, str], ...]
    rules: StopRules


def sample_of(subject: Subject, payloads: list[bytes], rules: StopRules, region: str, now_s: float) -> Sample:
    """The sample that tests `subject` in `region`; `now_s` is when the requests say they were signed."""
    headers = [("content-type", subject.content_type)]
    if subject.accept is not None:
        headers.append(("accept", subject.accept))
    return Sample(tuple(payloads), (*headers, *_signature_headers(region, now_s)), rules)


def load_plan(sample: Sample, endpoint_name: str, gateway_port: int, settings: Settings) -> LoadPlan:
    """The plan that loads one endpoint through the gateway."""
    return LoadPlan(
        host="127.0.0.1" if settings.host in _ALL_ADDRESSES else settings.host,
        port=gateway_port,
        target=f"/endpoints/{endpoint_name}/invocations",
        headers=sample.headers,
        payloads=sample.payloads,
        rules=sample.rules,
        stage_s=settings.load_stage_s,
        timeout_s=settings.invoke_timeout_s + _CLIENT_PATIENCE_S,
    )


def _signature_headers(region: str, now_s: float) -> tuple[tuple[str, str], ...]:
    """Signature version 4, for the service `sagemaker`, which signs the runtime's requests as well."""
    moment = datetime.fromtimestamp(now_s, UTC)
    scope = f"{moment:%Y%m%d}/{region}/sagemaker/aws4_request"
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={_ACCESS_KEY}/{scope}, SignedHeaders=host;x-amz-date, Signature={_SIGNATURE}"
    )
    return (("authorization", authorization), ("x-amz-date", f"{moment:%Y%m%dT%H%M%SZ}"))
