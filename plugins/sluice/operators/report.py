"""report: leave the evidence of a run where people and machines find it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice import naming
from sluice.evidence.failure import Failure, to_xcom
from sluice.evidence.form import sha256_of
from sluice.evidence.report import Evidence, as_markdown, read_evidence, to_bytes
from sluice.gate.decision import Decision
from sluice.lineage import Lineage, given
from sluice.operators.base import from_template
from sluice.operators.candidate import Candidate, CandidateOperator
from sluice.operators.findings import Findings
from sluice.operators.outcome import failures_before
from sluice.requests import resources as resource_requests

if TYPE_CHECKING:
    from airflow.sdk import Context

Result = Mapping[str, Any]


class ReportOperator(CandidateOperator):
    """Write the evidence document to S3, its address and SHA-256 into the package, and the table into the task's log.

    A run that broke off before the gate leaves an undecided document, and the package goes on naming the evidence of
    its last decision. XCom: `{"outcome", "verdict", "reason", "misses", "package_arn", "by", "evidence_uri",
    "evidence_sha256", "answer", "failures"}`, where `outcome` is `promoted`, `refused`, `dry run` or `failed`, `misses`
    holds a line for each rule that did not pass, and `failures` is a list of what `failure.Failure` has, such as
    `{"task", "message", "error", "endpoint", "reason", "alarms", "log_lines"}`; what there is not is None.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param registered: register_package's result, as an object or as JSON text (templated)
    :param judged: judge's result, as an object or as JSON text (templated)
    :param verified: verify's result, as an object or as JSON text (templated)
    :param is_dry_run: whether this run is one (templated; may be JSON text)
    :param despite: id of a task that answers, if it succeeds, for all that failed before it
    """

    template_fields = aws_template_fields("pipeline", "candidate", "registered", "judged", "verified", "is_dry_run")
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        ("pipeline", "candidate", "registered", "judged", "verified"), "json"
    )

    def __init__(
        self,
        *,
        registered: Result | str | None,
        judged: Result | str | None,
        verified: Result | str | None = None,
        is_dry_run: bool | str = False,
        despite: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.registered = registered
        self.judged = judged
        self.verified = verified
        self.is_dry_run = is_dry_run
        self.despite = despite

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        return Lineage(given(result["package_arn"]), given(result["evidence_uri"]))

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        failures = failures_before(self, context, self.despite)
        judged: Result | None = from_template(self.judged)
        verified: Result | None = from_template(self.verified)
        evidence = self._evidence(context, judged, failures)
        evidence = replace(evidence, failures=failures) if evidence else None
        uri, sha256 = self._write(evidence, decided=judged is not None) if evidence else (None, None)
        for failure in failures:
            self.log.error("%s", failure)
        return {
            "outcome": _outcome(judged, failures),
            "verdict": judged["verdict"] if judged else None,
            "reason": judged["reason"] if judged else None,
            "misses": [each.miss for each in evidence.decision.results if each.miss] if evidence else [],
            "package_arn": evidence.package_arn if evidence else None,
            "by": evidence.decided_by if judged and evidence else None,
            "evidence_uri": uri,
            "evidence_sha256": sha256,
            "answer": verified["answer"] if verified else None,
            "failures": [to_xcom(failure) for failure in failures],
        }

    def _evidence(self, context: Context, judged: Result | None, failures: Sequence[Failure]) -> Evidence | None:
        registered: Result | None = from_template(self.registered)
        if judged is not None:
            evidence = read_evidence(json.dumps(judged["evidence"]).encode(), "judge's result")
            return evidence if registered is None else evidence.for_version(registered["package_arn"])
        candidate: Candidate | None = self.found_candidate
        if candidate is None or registered is None:
            self.log.info("there is no evidence to keep: nothing was registered")
            return None
        reason = "; ".join(map(str, failures)) or "the run ended before the gate"
        findings = Findings(decision=Decision.undecided(reason), dry_run=bool(from_template(self.is_dry_run)))
        return findings.as_evidence(candidate, registered["package_arn"], context["run_id"])

    def _write(self, evidence: Evidence, *, decided: bool) -> tuple[str, str]:
        body = to_bytes(evidence)
        uri, sha256 = naming.evidence_uri(self.spec, evidence.names, evidence.run_id), sha256_of(body)
        self.hook.write_object(uri, body, "application/json")
        if decided:
            verdict = evidence.decision.verdict.value
            self.hook.put_package_metadata(
                evidence.package_arn, resource_requests.evidence_metadata(uri, sha256, verdict)
            )
        self.log.info("%s\nevidence: %s\nsha256: %s", as_markdown(evidence), uri, sha256)
        return uri, sha256


def _outcome(judged: Result | None, failures: Sequence[Failure]) -> str:
    if failures or judged is None:
        return "failed"
    if judged["dry_run"]:
        return "dry run"
    return "promoted" if judged["opens_gate"] else "refused"
