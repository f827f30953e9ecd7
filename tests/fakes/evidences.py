"""An evidence document, as judge's result holds it."""

from __future__ import annotations

from typing import Any

from sluice.evidence.report import ContainerEvidence, Evidence, to_document
from sluice.gate.decision import Rule, decide
from sluice.gate.metrics import Measurement, Measurements, Metric
from sluice.naming import names_for

from tests.fakes.specs import a_spec, digests_of


def a_document(*, latency_ms: float = 90.0, image: str = "i", **changes: Any) -> dict[str, Any]:
    """Of a candidate of that latency, which may have 150 ms."""
    spec = a_spec()
    numbers = Measurements.of([Measurement(Metric.MODEL_LATENCY_MS, latency_ms, "EndpointPerformances of job j")])
    made: dict[str, Any] = {
        "pipeline": "iris",
        "run_id": "manual__1",
        "names": names_for(spec, digests_of(spec)),
        "package_arn": "arn:package/1",
        "containers": (ContainerEvidence(image=image),),
        "job": "iris-job",
        "job_arn": "arn:job",
        "measured_instance_type": "ml.c5.large",
        "production_instance_type": "ml.c5.large",
        "candidate": numbers,
        "champion": None,
        "champion_package_arn": None,
        "decision": decide([Rule(metric=Metric.MODEL_LATENCY_MS, max=150)], numbers, None),
        "decided_at": "2026-01-01T00:00:00.000+00:00",
    }
    return to_document(Evidence(**{**made, **changes}))
