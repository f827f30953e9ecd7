"""The champion: what production serves now, and what was measured when it was promoted."""

from __future__ import annotations

from dataclasses import dataclass

from sluice.errors import EvidenceError, EvidenceMissing
from sluice.evidence.report import Evidence, read_evidence
from sluice.gate.metrics import Absence, Measurements, Metric
from sluice.hook import SluiceHook
from sluice.naming import EVIDENCE_SHA256, EVIDENCE_URI
from sluice.specs.pipeline import PipelineSpec, Stage


@dataclass(frozen=True)
class Champion:
    """The package version in production. Without evidence its numbers are absences that say why."""

    package_arn: str | None
    numbers: Measurements
    measured_instance_type: str | None = None
    """On which the numbers were measured."""


def find_champion(hook: SluiceHook, spec: PipelineSpec) -> Champion | None:
    """What production serves; None when nothing is in production yet.

    A champion whose numbers cannot be had is not the same as none: rules against it are then inconclusive.
    """
    endpoint = hook.find_endpoint(spec.fleet(Stage.PRODUCTION).endpoint)
    if endpoint is None or endpoint.config is None or endpoint.status in ("Creating", "Failed"):
        return None
    package_arn = hook.package_behind(endpoint.config)
    if package_arn is None:
        return Champion(None, no_numbers(f"endpoint config {endpoint.config} does not lead to a model package"))
    try:
        evidence = _evidence(hook, package_arn)
    except EvidenceError as error:
        return Champion(package_arn, no_numbers(str(error)))
    return Champion(package_arn, evidence.candidate, evidence.measured_instance_type)


def _evidence(hook: SluiceHook, package_arn: str) -> Evidence:
    metadata = hook.describe_package(package_arn).metadata or {}
    uri = metadata.get(EVIDENCE_URI)
    if uri is None:
        raise EvidenceMissing(package_arn, "the package names none")
    body = hook.read_object(uri)
    if body is None:
        raise EvidenceMissing(uri, "there is no such object")
    return read_evidence(body, uri, metadata.get(EVIDENCE_SHA256))


def no_numbers(reason: str) -> Measurements:
    """Why no number of the champion can be had, or compared with."""
    return Measurements(absent=tuple(Absence(metric, reason, "the champion's evidence") for metric in Metric))
