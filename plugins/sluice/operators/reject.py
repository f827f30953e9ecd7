"""reject: carry out the gate's refusal, or close the registry's door on a candidate whose promotion broke off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowSkipException

from sluice.operators.base import SluiceOperator, from_template
from sluice.operators.outcome import failures_before
from sluice.requests import resources as resource_requests

if TYPE_CHECKING:
    from airflow.sdk import Context

Result = Mapping[str, Any]


class RejectOperator(SluiceOperator):
    """Set the package version to Rejected with the reasons. Production is not touched.

    Reasons are the gate's refusal and every failed task upstream of this one; without any the task is skipped. Left as
    it is: everything in a dry run, and a version that was Approved before this run, unless the gate refused it now;
    even then when the run only measured again what production serves. XCom: `{"package_arn", "rejected", "reasons",
    "note"}`; `package_arn` is None when nothing had been registered.

    :param registered: register_package's result, as an object or as JSON text (templated)
    :param judged: judge's result, as an object or as JSON text (templated)
    :param is_dry_run: change nothing (templated; may be JSON text)
    :param asked: read_event's result, as an object or as JSON text (templated)
    :param despite: id of a task that answers, if it succeeds, for all that failed before it
    """

    template_fields = aws_template_fields("registered", "judged", "is_dry_run", "asked")
    template_fields_renderers: ClassVar[dict[str, str]] = {"registered": "json", "judged": "json", "asked": "json"}

    def __init__(
        self,
        *,
        registered: Result | str | None,
        judged: Result | str | None = None,
        is_dry_run: bool | str = False,
        asked: Result | str | None = None,
        despite: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.registered = registered
        self.judged = judged
        self.is_dry_run = is_dry_run
        self.asked = asked
        self.despite = despite

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        registered: Result | None = from_template(self.registered)
        judged: Result | None = from_template(self.judged)
        refused = judged is not None and not judged["opens_gate"]
        reasons = [f"gate: {judged['reason']}"] if judged is not None and refused else []
        reasons += [str(failure) for failure in failures_before(self, context, self.despite)]
        if not reasons:
            raise AirflowSkipException("nothing failed and the gate opened: there is nothing to reject")
        package_arn = registered["package_arn"] if registered else None
        note = self._why_left_alone(registered, refused)
        if note is None:
            self.hook.update_package(resource_requests.reject_package(str(package_arn), "; ".join(reasons), {}))
        self.log.info("%s: %s", note or f"{package_arn} is Rejected", "; ".join(reasons))
        return {"package_arn": package_arn, "rejected": note is None, "reasons": reasons, "note": note}

    def _why_left_alone(self, registered: Result | None, refused: bool) -> str | None:
        if registered is None:
            return "nothing had been registered, so there is nothing to reject"
        if from_template(self.is_dry_run):
            return "dry run: the package stays as it is"
        if registered["approval"] != "Approved":
            return None
        if not refused:
            # It may be what production serves; that this run broke off says nothing against it.
            return "the package was approved before this run and stays approved"
        asked: Result | None = from_template(self.asked)
        if asked is not None and asked["measuring"] is not None:
            return "production serves it and goes on: promote another version, or roll back, to change that"
        return None
