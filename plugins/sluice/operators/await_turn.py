"""await_turn: let so many items of a mapped task group go on at a time, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from sluice.operators.outcome import states_in_run

if TYPE_CHECKING:
    from airflow.sdk import Context

OVER = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})


class AwaitTurnOperator(BaseSensorOperator):
    """Wait until the item `at_once` places earlier has come to its end; the first ones need not. Calls nothing on AWS.

    For the first task of a mapped task group. Looks anew every `poke_interval` seconds and holds no worker slot
    meanwhile. Airflow's own limits, pools and `max_active_tis_per_dagrun`, count running tasks; what is to be counted
    here is an endpoint, which is there between the tasks as well.

    :param at_once: how many items go on at a time
    :param until: id of the task with which an item is over
    """

    def __init__(self, *, at_once: int, until: str, **kwargs: Any) -> None:
        super().__init__(mode="reschedule", **kwargs)
        self.at_once = at_once
        self.until = until

    def poke(self, context: Context) -> bool:
        """Whether it is this item's turn."""
        ti = context["ti"]
        before = (ti.map_index or 0) - self.at_once
        return before < 0 or states_in_run(ti).get(f"{self.until}_{before}") in OVER
