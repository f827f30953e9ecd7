"""judge: hold the measurements against the gate's rules, and send the run on to promote or to reject."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.evidence.report import to_document
from sluice.fields.typed import plain
from sluice.gate.choice import cheapest_passing
from sluice.gate.decision import Decision, decide
from sluice.gate.metrics import Measurements
from sluice.operators.candidate import Candidate, CandidateOperator
from sluice.operators.champion import find_champion
from sluice.operators.findings import Findings
from sluice.operators.fork import ForkOperator
from sluice.responses import job as job_responses
from sluice.responses.resources import Answer, PackageState, existing_version
from sluice.specs.pipeline import Stage
from sluice.specs.production import FleetChoice

if TYPE_CHECKING:
    from airflow.sdk import Context


class JudgeOperator(CandidateOperator, ForkOperator):
    """Decide with `gate.decide` on the job's numbers, and on the champion's where a rule compares with it.

    Anything but a pass is a refusal, an inconclusive verdict too. A version from which production was rolled back is
    refused whatever its numbers are, until somebody approves it in the registry. XCom: `{"verdict", "reason",
    "opens_gate", "dry_run", "fleet", "recommendation", "evidence"}`, where `fleet` is what the run has chosen for
    production and `recommendation` its id, both None without a choice, and `evidence` the document of
    `report.to_document`. Without task ids to go on with, it does not branch.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param package_arn: ARN of the package version (templated)
    :param job: name of the completed recommendation job (templated)
    :param is_dry_run: judge and report only (templated; may be JSON text)
    :param when_open: task to go on with when the gate opens
    :param when_closed: task to go on with when it stays closed
    :param when_dry: task to go on with in a dry run, whatever the verdict
    """

    template_fields = aws_template_fields("package_arn", "job")

    def __init__(self, *, package_arn: str, job: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn
        self.job = job

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        candidate = self.required_candidate
        findings = self._judge(candidate)
        decision = findings.decision
        self.log.info("%s: %s", decision.verdict.value, decision.reason)
        evidence = findings.as_evidence(candidate, self.package_arn, context["run_id"])
        result = {
            "verdict": decision.verdict.value,
            "reason": decision.reason,
            "opens_gate": decision.opens_gate,
            "dry_run": findings.dry_run,
            "fleet": plain(findings.fleet),
            "recommendation": findings.recommendation,
            "evidence": to_document(evidence),
        }
        return self.go_on(result, context)

    def _judge(self, candidate: Candidate) -> Findings:
        answer = self.hook.describe_job(self.job)
        champion = find_champion(self.hook, candidate.spec)
        findings = Findings(
            decision=Decision.undecided("the job recommended no fleet to choose from"),
            job=job_responses.job_state(answer),
            champion=champion,
            dry_run=self.is_dry,
        )
        judged = self._chosen if candidate.spec.production.is_chosen else self._staged
        findings = judged(findings, candidate, answer, champion.numbers if champion else None)
        return replace(findings, decision=self._withdrawn(candidate, findings.fleet) or findings.decision)

    def _staged(
        self, findings: Findings, candidate: Candidate, answer: Answer, champion: Measurements | None
    ) -> Findings:
        """The numbers of the staging endpoint, whose fleet production has as well."""
        spec = candidate.spec
        fleet = spec.fleet(Stage.STAGING)
        numbers = job_responses.measurements(answer, fleet.endpoint, fleet.instance_type)
        return replace(findings, numbers=numbers, decision=decide(spec.gate.rules, numbers, champion))

    def _chosen(
        self, findings: Findings, candidate: Candidate, answer: Answer, champion: Measurements | None
    ) -> Findings:
        """The numbers of the cheapest recommended fleet that passes, or of the cheapest when none does."""
        spec = candidate.spec
        fleets = job_responses.measured_fleets(answer, spec.benchmark.variables)
        if candidate.adopted:  # it is taken as it is, or not at all
            fleets = tuple(each for each in fleets if candidate.has(each.environment))
        choice = cheapest_passing(spec.gate.rules, fleets, champion)
        for each in choice.considered:
            self.log.info("%s", each)
        taken = choice.taken
        if taken is None:
            return findings
        return replace(findings, choice=choice, numbers=taken.fleet.numbers, decision=taken.decision)

    def _withdrawn(self, candidate: Candidate, fleet: FleetChoice | None) -> Decision | None:
        package = self._to_be_promoted(candidate, fleet)
        if package is None or package.withdrawn is None:
            return None
        return Decision.refused(
            f"production was rolled back from version {package.version} on {package.withdrawn} "
            f"({package.approval_reason}); approve it in the registry to let it through"
        )

    def _to_be_promoted(self, candidate: Candidate, fleet: FleetChoice | None) -> PackageState | None:
        """The version that goes to production; None when the chosen environment makes it one that is not there yet."""
        if fleet is None or candidate.has(fleet.environment):
            return self.hook.describe_package(self.package_arn)
        content = candidate.on_fleet(fleet).names.content
        known = existing_version(self.hook.list_packages(candidate.names.package_group), content)
        return None if known is None else self.hook.describe_package(known.arn)
