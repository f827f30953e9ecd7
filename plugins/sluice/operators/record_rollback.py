"""record_rollback: leave the evidence of a rollback, however it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice import naming
from sluice.evidence.failure import Failure, to_xcom
from sluice.evidence.form import sha256_of
from sluice.evidence.rollback import FAILED, FORM, ROLLED_BACK, Proof, RollbackEvidence, as_text
from sluice.lineage import Lineage, given
from sluice.operators.base import from_template
from sluice.operators.candidate import PipelineOperator
from sluice.operators.outcome import failures_before
from sluice.requests import resources as resource_requests
from sluice.specs.pipeline import Stage

if TYPE_CHECKING:
    from airflow.sdk import Context

Result = Mapping[str, Any]


class RecordRollbackOperator(PipelineOperator):
    """Write the record of a rollback to S3, and its address and SHA-256 into the version that production has left.

    It says who took production from which version to which, why, and what proves it: the live config and the answer
    to a sample row. A rollback that failed is recorded with what went wrong. XCom: `{"outcome", "from_package_arn",
    "to_package_arn", "reason", "by", "evidence_uri", "evidence_sha256", "failures", "rollback"}`, where `outcome` is
    `rolled back` or `failed`, `failures` a list of what `failure.Failure` has, and `rollback` the document.

    :param pipeline: the spec, or the same as plain data (templated)
    :param reason: why production goes back (templated)
    :param chosen: choose_version's result, as an object or as JSON text (templated)
    :param deployed: deploy_endpoint's result, as an object or as JSON text (templated)
    :param verified: verify's result, as an object or as JSON text (templated)
    :param withdrawn: withdraw's result, as an object or as JSON text (templated)
    """

    template_fields = aws_template_fields("pipeline", "reason", "chosen", "deployed", "verified", "withdrawn")
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        ("pipeline", "chosen", "deployed", "verified", "withdrawn"), "json"
    )

    def __init__(
        self,
        *,
        reason: str,
        chosen: Result | str | None,
        deployed: Result | str | None = None,
        verified: Result | str | None = None,
        withdrawn: Result | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.reason = reason
        self.chosen = chosen
        self.deployed = deployed
        self.verified = verified
        self.withdrawn = withdrawn

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        return Lineage(given(result["from_package_arn"], result["to_package_arn"]), (result["evidence_uri"],))

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        failures = failures_before(self, context)
        evidence = self._evidence(context, failures)
        body = FORM.to_bytes(evidence)
        uri, sha256 = naming.rollback_uri(self.spec, evidence.run_id), sha256_of(body)
        self.hook.write_object(uri, body, "application/json")
        if evidence.withdrawn_at and evidence.from_package_arn:
            metadata = resource_requests.rollback_metadata(uri, sha256)
            self.hook.put_package_metadata(evidence.from_package_arn, metadata)
        self.log.info("%s\nevidence: %s\nsha256: %s", as_text(evidence), uri, sha256)
        return {
            "outcome": evidence.outcome,
            "from_package_arn": evidence.from_package_arn,
            "to_package_arn": evidence.to_package_arn,
            "reason": evidence.reason,
            "by": evidence.by,
            "evidence_uri": uri,
            "evidence_sha256": sha256,
            "failures": [to_xcom(failure) for failure in failures],
            "rollback": FORM.to_document(evidence),
        }

    def _evidence(self, context: Context, failures: tuple[Failure, ...]) -> RollbackEvidence:
        chosen: Result = from_template(self.chosen) or {}
        withdrawn: Result = from_template(self.withdrawn) or {}
        proof = self._proof()
        return RollbackEvidence(
            pipeline=self.spec.pipeline,
            run_id=context["run_id"],
            endpoint=self.spec.fleet(Stage.PRODUCTION).endpoint,
            outcome=ROLLED_BACK if proof and not failures else FAILED,
            reason=self.reason,
            by=_who(context),
            ended_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            from_package_arn=chosen.get("leaves") or None,
            from_config=chosen.get("config"),
            to_package_arn=chosen.get("package_arn"),
            to_version=chosen.get("version"),
            proof=proof,
            withdrawn_at=withdrawn.get("withdrawn"),
            failures=failures,
        )

    def _proof(self) -> Proof | None:
        deployed: Result | None = from_template(self.deployed)
        verified: Result | None = from_template(self.verified)
        if deployed is None or verified is None:
            return None
        return Proof(
            config=verified["config"], status=deployed["status"], sample=verified["sample"], answer=verified["answer"]
        )


def _who(context: Context) -> str:
    """Who has triggered the run, as the auth manager knows them."""
    return getattr(context.get("dag_run"), "triggering_user_name", None) or "nobody that Airflow knows"
