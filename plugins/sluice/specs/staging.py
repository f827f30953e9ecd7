"""The part of a spec about the endpoint on which a candidate is measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from sluice.fields.limits import Limit, check
from sluice.specs.service_limits import INSTANCE_TYPE, NAME, NAME_MAX


class AfterGate(StrEnum):
    """What becomes of the staging endpoint when the load test is over."""

    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class StagingSpec:
    """The endpoint on which the candidate is measured. Never one with live traffic: the load test fills it up."""

    endpoint: Annotated[str, Limit("Name of the staging endpoint.", pattern=NAME, max_length=NAME_MAX)]
    instance_type: Annotated[str, Limit("Instance type, such as ml.c5.large.", pattern=INSTANCE_TYPE)]
    instances: Annotated[int, Limit("Number of instances.", minimum=1)] = 1
    candidates_at_once: Annotated[
        int | None,
        Limit("How many of the candidates have a staging endpoint at a time; all when left out.", minimum=1),
    ] = None
    after_gate: Annotated[AfterGate, Limit("Whether the endpoint stays when the load test is over.")] = AfterGate.KEEP

    def __post_init__(self) -> None:
        check(self)
