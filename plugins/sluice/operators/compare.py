"""compare: hold what production's version comes to today against what it came to when it was promoted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice import naming
from sluice.evidence.form import sha256_of
from sluice.evidence.rebenchmark import FORM, Comparison, Rebenchmark, Today, as_text, compare
from sluice.gate.choice import MeasuredFleet
from sluice.gate.metrics import Measurements
from sluice.operators.candidate import Candidate, CandidateOperator
from sluice.operators.champion import Champion, find_champion, no_numbers
from sluice.operators.findings import Findings
from sluice.responses import job as job_responses
from sluice.responses.resources import Answer
from sluice.specs.pipeline import Stage
from sluice.specs.rebenchmark import RebenchmarkSpec

if TYPE_CHECKING:
    from airflow.sdk import Context


class CompareOperator(CandidateOperator):
    """Say whether another instance type has become cheaper, latency has drifted, or the gate would refuse today.

    Writes the record to S3, whether something was found or not; the package and production stay as they are. XCom:
    `{"package_arn", "job", "instance_types", "findings", "reason", "saving_pct", "evidence_uri", "evidence_sha256"}`,
    where `findings` are words of `rebenchmark.FindingKind`, none when production has another version by now, and
    `instance_types` those that were looked at. Raises ServiceRefused.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param package_arn: ARN of the version that was measured (templated)
    :param job: name of the completed recommendation job (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate", "package_arn", "job")

    def __init__(self, *, package_arn: str, job: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn
        self.job = job

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        candidate = self.required_candidate
        champion = find_champion(self.hook, candidate.spec)
        record = self._record(candidate, champion, context["run_id"])
        uri, body = naming.rebenchmark_uri(candidate.spec, candidate.names, context["run_id"]), FORM.to_bytes(record)
        self.hook.write_object(uri, body, "application/json")
        self.log.info("%s\nevidence: %s", as_text(record), uri)
        found, reason = record.comparison.findings, record.comparison.summary
        if champion is None or champion.package_arn != self.package_arn:
            found, reason = (), f"production has another version by now: {champion and champion.package_arn}"
        return {
            "package_arn": self.package_arn,
            "job": self.job,
            "instance_types": list(candidate.measuring.instance_types) if candidate.measuring else [],
            "findings": [finding.kind.value for finding in found],
            "reason": reason,
            "saving_pct": record.comparison.saving_pct,
            "evidence_uri": uri,
            "evidence_sha256": sha256_of(body),
        }

    def _record(self, candidate: Candidate, champion: Champion | None, run_id: str) -> Rebenchmark:
        answer, spec = self.hook.describe_job(self.job), candidate.spec
        twin = spec.fleet(Stage.STAGING)
        numbers = job_responses.measurements(answer, twin.endpoint, twin.instance_type)
        promoted = _comparable(champion, twin.instance_type)
        today = Today.judged(spec.gate.rules, twin.instance_type, numbers, promoted, _fleets(answer, candidate))
        findings = Findings(
            decision=today.decision, job=job_responses.job_state(answer), numbers=numbers, champion=champion
        )
        evidence = findings.as_evidence(candidate, self.package_arn, run_id)
        considered = tuple(map(str, today.choice.considered))
        return Rebenchmark(evidence=replace(evidence, considered=considered), comparison=self._compared(today))

    def _compared(self, today: Today) -> Comparison:
        return compare(self.spec.rebenchmark or RebenchmarkSpec(), today)


def _fleets(answer: Answer, candidate: Candidate) -> list[MeasuredFleet]:
    """The job's recommendations; variables that the version has as they are recommended are not worth a word."""
    fleets = job_responses.measured_fleets(answer, candidate.spec.benchmark.variables)
    return [replace(each, environment={}) if candidate.has(each.environment) else each for each in fleets]


def _comparable(champion: Champion | None, instance_type: str) -> Measurements:
    """The numbers of the promotion, if they are of the instance type that was measured now."""
    if champion is None:
        return no_numbers("nothing is in production any more")
    measured = champion.measured_instance_type
    if measured is not None and measured != instance_type:
        return no_numbers(f"they are from {measured}, and {instance_type} was measured now")
    return champion.numbers
