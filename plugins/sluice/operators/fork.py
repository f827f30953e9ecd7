"""Where the way forks: the three ways on that a verdict of the gate leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.bases.branch import BranchMixIn
from airflow.sdk.bases.xcom import BaseXCom

from sluice.operators.base import SluiceOperator, from_template

if TYPE_CHECKING:
    from airflow.sdk import Context


class ForkOperator(SluiceOperator, BranchMixIn):
    """An operator whose result has `opens_gate` and `dry_run`. Without task ids to go on with, it does not branch.

    :param is_dry_run: judge and report only (templated; may be JSON text)
    :param when_open: task to go on with when the gate opens
    :param when_closed: task to go on with when it stays closed
    :param when_dry: task to go on with in a dry run, whatever the verdict
    """

    template_fields = aws_template_fields("is_dry_run")
    inherits_from_skipmixin = True

    def __init__(
        self,
        *,
        is_dry_run: bool | str = False,
        when_open: str | None = None,
        when_closed: str | None = None,
        when_dry: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.is_dry_run = is_dry_run
        self.when_open = when_open
        self.when_closed = when_closed
        self.when_dry = when_dry

    @property
    def is_dry(self) -> bool:
        """The rendered `is_dry_run`."""
        return bool(from_template(self.is_dry_run))

    def go_on(self, result: dict[str, Any], context: Context) -> dict[str, Any]:
        """Skip the ways that the result does not lead to; the result."""
        opened = self.when_open if result["opens_gate"] else self.when_closed
        following = self.when_dry if result["dry_run"] else opened
        if following is not None:
            # Skipping tasks ends this one with an exception, and what it would return with it.
            context["ti"].xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=result)
            self.do_branch(context, following)
        return result
