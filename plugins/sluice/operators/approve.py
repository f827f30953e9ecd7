"""approve: show a person what the gate decided, and go on to production only with their word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk import Param
from airflow.sdk.bases.skipmixin import SkipMixin
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import ParamValidationError

from sluice.errors import AnswerUnusable, SpecError
from sluice.evidence.report import Evidence, as_markdown, read_evidence, to_document
from sluice.fields.typed import build
from sluice.gate.decision import Verdict
from sluice.operators.base import RETRY_WHAT_MAY_PASS, from_template, telling_failures
from sluice.specs.approval import ApprovalSpec
from sluice.specs.deployment import PERCENT_BOUNDS, DeploymentSpec
from sluice.specs.pipeline import PipelineSpec, Stage

if TYPE_CHECKING:
    from airflow.sdk import Context

REASON_MAX = 500
"""With the rules' reasons it has to fit into the 1,024 characters of a package's ApprovalDescription."""
NOBODY = "nobody"


@dataclass(frozen=True)
class Answer:
    """What a person said. `who` is None when nobody answered in time."""

    agreed: bool
    who: str | None
    at: str
    why: str
    percent: int | None

    def told(self, approval: ApprovalSpec) -> str:
        """The answer in one line."""
        if self.who is None:
            return f"refused: nobody answered within {approval.timeout_hours} h"
        return f"{'approved' if self.agreed else 'refused'} by {self.who}" + (f": {self.why}" if self.why else "")


class ApproveOperator(HITLOperator, SkipMixin):
    """Ask a person, with the evidence in the form, and wait without holding a worker slot.

    The form asks for a reason and, where `production.deployment` moves a share at a time, for that share. A refusal,
    and no answer within `gate.approval.timeout_hours`, make the verdict `fail` and skip the tasks directly after this
    one. An answer that cannot be used (AnswerUnusable) decides nothing: the task asks again when it is retried. XCom:
    `{"verdict", "reason", "opens_gate", "dry_run", "fleet", "recommendation", "evidence", "percent"}`, which is judge's
    result with the answer in it; `evidence` says who decided, and `percent` is None where no share moves.

    :param pipeline: the spec, or the same as plain data
    :param judged: judge's result, as an object or as JSON text (templated)
    """

    template_fields = ("subject", "body", "judged")
    template_fields_renderers: ClassVar[dict[str, str]] = {"judged": "json"}
    inherits_from_skipmixin = True

    def __init__(
        self,
        *,
        pipeline: PipelineSpec | Mapping[str, Any],
        judged: Mapping[str, Any] | str,
        **kwargs: Any,
    ) -> None:
        spec = pipeline if isinstance(pipeline, PipelineSpec) else build(PipelineSpec, dict(pipeline))
        approval = spec.gate.approval or ApprovalSpec(required=True)
        kwargs.setdefault("retry_policy", RETRY_WHAT_MAY_PASS)
        kwargs.pop("params", None)  # Airflow hands every task its DAG's; this form asks for its own only
        super().__init__(
            subject=f"Promote {spec.pipeline} to {spec.production.endpoint}?",
            options=[ApprovalOperator.APPROVE, ApprovalOperator.REJECT],
            # What Airflow answers for a person who does not: without it, time would fail the task and ask again.
            defaults=ApprovalOperator.REJECT,
            params=_questions(spec.deployment(Stage.PRODUCTION)),
            assigned_users=[{"id": user, "name": user} for user in approval.assigned_users],
            response_timeout=timedelta(hours=approval.timeout_hours),
            **kwargs,
        )
        self.judged = judged
        self.approval = approval
        self.deployment = spec.deployment(Stage.PRODUCTION)

    def execute(self, context: Context) -> Any:
        """Show the evidence and wait."""
        with telling_failures(context):
            self.body = as_markdown(self._evidence)
            return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """A person has answered, or the time is over."""
        with telling_failures(context):
            result = self._decided(self._answer(context, event))
            self.log.info("%s: %s", result["verdict"], result["reason"])
            if result["opens_gate"]:
                return result
            # Skipping tasks ends this one with an exception, and what it would return with it.
            context["ti"].xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=result)
            self.skip(ti=context["ti"], tasks=self.get_direct_relatives(upstream=False))
            return result

    @property
    def _evidence(self) -> Evidence:
        return read_evidence(json.dumps(from_template(self.judged)["evidence"]).encode(), "judge's result")

    def _answer(self, context: Context, event: dict[str, Any]) -> Answer:
        # Who answers over the REST API may leave out what is to stay as the form has it.
        whole = {**self.params.dump(), **(event.get("params_input") or {})}
        try:
            given = super().execute_complete(
                context, {**event, "params_input": whole} if "error" not in event else event
            )
        except (ValueError, ParamValidationError) as error:
            raise AnswerUnusable(str(error)) from error
        user = given["responded_by_user"]
        return Answer(
            agreed=given["chosen_options"] == [ApprovalOperator.APPROVE],
            who=None if user is None else _name(user["id"], user["name"]),
            at=given["responded_at"].isoformat(timespec="milliseconds"),
            why=" ".join(str(whole["reason"]).split()),
            percent=self._checked(whole.get("percent")),
        )

    def _checked(self, percent: int | None) -> int | None:
        if percent is None or self.deployment is None:
            return None
        try:
            return replace(self.deployment, percent=percent).percent
        except SpecError as error:
            raise AnswerUnusable(str(error.under("production.deployment"))) from error

    def _decided(self, answer: Answer) -> dict[str, Any]:
        judged, evidence = from_template(self.judged), self._evidence
        told = answer.told(self.approval)
        decision = replace(evidence.decision, reason=f"{evidence.decision.reason}; {told}{self._change(answer)}")
        if not answer.agreed:
            decision = replace(evidence.decision, verdict=Verdict.FAIL, reason=told)
        decided = replace(evidence, decision=decision, decided_at=answer.at, decided_by=answer.who or NOBODY)
        return {
            **judged,
            "verdict": decision.verdict.value,
            "reason": decision.reason,
            "opens_gate": decision.opens_gate,
            "evidence": to_document(decided),
            "percent": answer.percent,
        }

    def _change(self, answer: Answer) -> str:
        if self.deployment is None or answer.percent in (None, self.deployment.percent):
            return ""
        return f"; {answer.percent} % at a time instead of {self.deployment.percent} %"


def _name(user_id: str, name: str) -> str:
    return name if name == user_id else f"{name} ({user_id})"


def _questions(deployment: DeploymentSpec | None) -> dict[str, Param]:
    """The form. The share is a question only where one moves."""
    why = Param(
        "",
        source="task",
        type="string",
        maxLength=REASON_MAX,
        title="Reason",
        description="Goes into the package version, the evidence and the run's report.",
    )
    if deployment is None or deployment.percent is None:
        return {"reason": why}
    least, most = PERCENT_BOUNDS[deployment.type]
    share = Param(
        deployment.percent,
        source="task",
        type="integer",
        minimum=least,
        maximum=most,
        title=f"{deployment.type.value.capitalize()}: per cent at a time",
        description="Share of the fleet that moves at a time, for this promotion only.",
    )
    return {"percent": share, "reason": why}
