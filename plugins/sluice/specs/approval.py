"""A person between the gate and production, as a spec asks for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sluice.fields.limits import Limit, check

TIMEOUT_HOURS_MAX = 720
"""30 days: our choice. What was measured a month ago says little about what would be promoted now."""


@dataclass(frozen=True, kw_only=True)
class ApprovalSpec:
    """Whether a person has to agree before production changes, who may, and until when."""

    required: Annotated[bool, Limit("Whether a person has to agree after the rules have passed.")]
    timeout_hours: Annotated[
        int, Limit("Hours after which no answer is a refusal.", minimum=1, maximum=TIMEOUT_HOURS_MAX)
    ] = 24
    assigned_users: Annotated[
        tuple[str, ...],
        Limit(
            "Ids of the Airflow users who may answer; whoever may edit the DAG's runs when left out.",
            pattern=r"\S(.*\S)?",
            max_length=200,
        ),
    ] = ()

    def __post_init__(self) -> None:
        check(self)
