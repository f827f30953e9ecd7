"""What a run found out about its candidate, and the evidence made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sluice.evidence.report import ContainerEvidence, Evidence
from sluice.gate.choice import Choice
from sluice.gate.decision import Decision
from sluice.gate.metrics import Measurements
from sluice.operators.candidate import Candidate
from sluice.operators.champion import Champion
from sluice.responses.job import JobState
from sluice.specs.pipeline import Stage
from sluice.specs.production import FleetChoice


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A decision and what it rests on; everything but the decision may be missing when a run broke off early."""

    decision: Decision
    job: JobState | None = None
    numbers: Measurements = field(default_factory=Measurements)
    champion: Champion | None = None
    choice: Choice | None = None
    dry_run: bool = False

    @property
    def fleet(self) -> FleetChoice | None:
        """The instances that the run has chosen for production; None when it had no choice."""
        taken = self.choice.taken if self.choice else None
        if taken is None:
            return None
        return FleetChoice(
            instance_type=taken.fleet.instance_type,
            instances=taken.fleet.instances,
            environment=taken.fleet.environment,
        )

    @property
    def recommendation(self) -> str | None:
        """The id of the recommendation that is the chosen fleet; None when the run had no choice."""
        taken = self.choice.taken if self.choice else None
        return taken.fleet.recommendation if taken else None

    def as_evidence(self, candidate: Candidate, package_arn: str, run_id: str) -> Evidence:
        """The evidence document, decided at this moment."""
        fleet, champion = self.fleet, self.champion
        candidate = candidate.on_fleet(fleet)
        spec = candidate.spec
        return Evidence(
            pipeline=spec.pipeline,
            run_id=run_id,
            names=candidate.names,
            package_arn=package_arn,
            containers=_containers(candidate),
            job=self.job.job if self.job else None,
            job_arn=self.job.arn if self.job else None,
            measured_instance_type=(fleet or spec.fleet(Stage.STAGING)).instance_type,
            production_instance_type=spec.fleet(Stage.PRODUCTION).instance_type,
            candidate=self.numbers,
            champion=champion.numbers if champion else None,
            champion_package_arn=champion.package_arn if champion else None,
            decision=self.decision,
            decided_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            dry_run=self.dry_run,
            considered=tuple(map(str, self.choice.considered)) if self.choice else (),
            production_environment=fleet.environment if fleet else {},
        )


def _containers(candidate: Candidate) -> tuple[ContainerEvidence, ...]:
    return tuple(
        ContainerEvidence(
            image=container.image,
            hostname=container.hostname,
            model_data=container.model_data,
            artifact_digest=candidate.digests.get(container.model_data) if container.model_data else None,
        )
        for container in candidate.spec.containers
    )
