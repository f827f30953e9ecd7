"""housekeep: find what Sluice has made and nobody uses, and delete it when that is wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.account.housekeeping import Kind, Thing, as_table, unused
from sluice.errors import SpecError
from sluice.hook import SluiceHook
from sluice.operators.base import SluiceOperator, from_template

if TYPE_CHECKING:
    from airflow.sdk import Context

SHOWN = 200
"""Things named in the result, which Airflow keeps in its database; the log has all of them."""


def find_unused(hook: SluiceHook, days: float, now: datetime) -> tuple[tuple[Thing, ...], int]:
    """What nobody uses and nobody has touched for so many days, and how many things were looked at."""
    # Uses come last, so that they are the freshest when something is deleted.
    things = [each for kind in Kind for each in hook.list_things(kind)]
    return unused(things, hook.find_uses(things), timedelta(days=days), now), len(things)


class HousekeepOperator(SluiceOperator):
    """Find staging endpoints, endpoint configs and models of Sluice's that are old and unused, and delete them.

    By tags: nothing without `sluice:pipeline` is looked at. What an endpoint runs or is about to run stays, whoever
    made the endpoint; so do models and production configs of Approved versions, endpoints that a recommendation job
    loads, and every production endpoint. XCom: `{"unused", "found", "deleted"}`, where `unused` lists up to 200
    `{"kind", "name", "pipeline", "days"}`, and the others are numbers. Raises SpecError for an age below one day, in
    which a promotion may be under way.

    :param older_than_days: what was touched since is left alone (templated)
    :param is_dry_run: report only (templated; may be JSON text)
    """

    template_fields = aws_template_fields("older_than_days", "is_dry_run")

    def __init__(self, *, older_than_days: float | str = 30, is_dry_run: bool | str = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.older_than_days = older_than_days
        self.is_dry_run = is_dry_run

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        days = float(self.older_than_days)
        if not days >= 1:
            raise SpecError("params.older_than_days", f"must be at least 1, not {days:g}")
        now = datetime.now(UTC)
        found, looked_at = find_unused(self.hook, days, now)
        self.log.info("%d of %d are unused\n%s", len(found), looked_at, as_table(found, now))
        deleted = 0 if from_template(self.is_dry_run) else sum(map(self.hook.delete_thing, found))
        self.log.info("%d deleted", deleted)
        named = [
            {"kind": each.kind.value, "name": each.name, "pipeline": each.pipeline, "days": (now - each.touched).days}
            for each in found[:SHOWN]
        ]
        return {"unused": named, "found": len(found), "deleted": deleted}
