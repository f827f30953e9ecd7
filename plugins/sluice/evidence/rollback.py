"""The record of a rollback: who took production from which version to which, why, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass

from sluice.evidence.failure import Failure
from sluice.evidence.form import EvidenceForm

ROLLED_BACK = "rolled back"
FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What production was seen to run, and what it answered to a sample row."""

    config: str
    status: str
    sample: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class RollbackEvidence:
    """One rollback, or the attempt at one. Times are ISO 8601 in UTC, as text; what there is not is None."""

    pipeline: str
    run_id: str
    endpoint: str
    outcome: str
    """`rolled back` or `failed`."""
    reason: str
    by: str
    ended_at: str
    from_package_arn: str | None = None
    from_config: str | None = None
    to_package_arn: str | None = None
    to_version: int | None = None
    proof: Proof | None = None
    withdrawn_at: str | None = None
    """When the version that production left was rejected; None when there was none to reject."""
    failures: tuple[Failure, ...] = ()


FORM = EvidenceForm("sluice.rollback/1", RollbackEvidence)


def facts(evidence: RollbackEvidence) -> list[tuple[str, str]]:
    """Names with what is to be said, in order; for terminals, logs and pages."""
    proof = evidence.proof
    said = [
        ("from", evidence.from_package_arn or evidence.from_config),
        ("to", evidence.to_package_arn),
        ("reason", evidence.reason),
        ("by", evidence.by),
        ("ended", evidence.ended_at),
        ("live config", f"{proof.config}, {proof.status}" if proof else None),
        ("answered", f"{proof.answer} to {proof.sample}" if proof else None),
        ("rejected", evidence.withdrawn_at),
        *(("failed", str(failure)) for failure in evidence.failures),
        ("run", evidence.run_id),
    ]
    return [(name, value) for name, value in said if value]


def as_text(evidence: RollbackEvidence) -> str:
    """The record for a log, a line a fact."""
    title = f"{evidence.pipeline}: {evidence.endpoint} {evidence.outcome}"
    return "\n".join([title, *(f"- {name}: {value}" for name, value in facts(evidence))])


def as_line(evidence: RollbackEvidence) -> str:
    """The record in one line for a list: when, what, by whom, why."""
    way = f"{_version(evidence.from_package_arn)} -> {_version(evidence.to_package_arn)}"
    return "  ".join((evidence.ended_at, evidence.outcome, way, f"by {evidence.by}", evidence.reason))


def _version(arn: str | None) -> str:
    return arn.rsplit("/", 1)[-1] if arn else "?"
