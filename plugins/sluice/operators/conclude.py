"""conclude: give a run its colour where Airflow would not, because teardowns outlive it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from sluice.operators.outcome import failures_before

if TYPE_CHECKING:
    from airflow.sdk import Context


class ConcludeOperator(BaseOperator):
    """Succeed, unless a task before this one has failed in this run or was marked as failed. Calls nothing on AWS.

    Raises AirflowFailException, which names them. For a DAG's last task, as a teardown without setups: one that is no
    teardown is skipped when a person marks the run as failed, and a run whose last task was skipped counts as a success
    once its teardowns are done.

    :param despite: id of a task that answers, if it succeeds, for all that failed before it
    """

    def __init__(self, *, despite: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.despite = despite

    def execute(self, context: Context) -> None:
        """See the class."""
        failures = failures_before(self, context, self.despite)
        if failures:
            raise AirflowFailException("\n".join(map(str, failures)))
