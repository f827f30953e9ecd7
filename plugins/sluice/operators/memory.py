"""What a task remembers from one try to the next: Airflow's task state store.

Names made of content find everything that a killed try has left, but they do not tell whether it was this task that
asked for it. That matters for what has failed meanwhile: a try that comes after a killed worker has to report the
failure, and must not start a second job or update production a second time, while a person who clears the task wants
just that. The store outlives both, so what is kept says for which round of tries it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRuntimeError

if TYPE_CHECKING:
    from airflow.sdk import Context

Remembered = Mapping[str, str | float | bool | None]

KEY = "sluice"
"""The one key in the task's store."""
ROUND = "round"
"""Airflow raises a task's `max_tries` when a person clears it, and leaves it alone when it retries by itself."""

_log = logging.getLogger(__name__)


def recall(context: Context) -> Remembered:
    """What an earlier try of this round has remembered; empty when there was none, or there is no store to ask."""
    store: Any = context.get("task_state_store")
    if store is None:
        return {}
    try:
        kept = store.get(KEY)
    except AirflowRuntimeError as error:
        _log.warning("Airflow's task state store cannot be read, so earlier tries count as not made: %s", error)
        return {}
    return kept if isinstance(kept, Mapping) and kept.get(ROUND) == context["ti"].max_tries else {}


def remember(context: Context, **what: str | float | bool | None) -> None:
    """Keep this instead of what was kept before. Call it before the deed: nothing comes between both that matters."""
    store: Any = context.get("task_state_store")
    if store is None:
        return
    try:
        store.set(KEY, {**what, ROUND: context["ti"].max_tries})
    except AirflowRuntimeError as error:
        _log.warning("Airflow's task state store cannot be written, so a try after a crash may start anew: %s", error)
