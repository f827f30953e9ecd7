"""Which files the approved version works through in batch, and how a transform job cuts and joins them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check
from sluice.specs.schedule import AssetSchedule, check_schedule
from sluice.specs.service_limits import INSTANCE_TYPE, S3_URI, URL_MAX

LINE_BY_LINE = frozenset({"text/csv", "application/jsonlines"})
"""Answers that have one line for each record, however many records a request holds."""


class WhichVersion(StrEnum):
    """Which version works, when a run names none."""

    APPROVED = "approved"
    PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class BatchSpec:
    """A transform job over all objects of a prefix."""

    input: Annotated[
        str,
        Limit("s3:// prefix of the objects to transform; may be a template.", pattern=S3_URI, max_length=URL_MAX),
    ]
    output: Annotated[
        str,
        Limit("s3:// prefix; each job writes below it, under its own name.", pattern=S3_URI, max_length=URL_MAX),
    ]
    instance_type: Annotated[
        str,
        Limit("Instance type; transform jobs have fewer than endpoints, and no ml.c5.large.", pattern=INSTANCE_TYPE),
    ]
    version: Annotated[WhichVersion, Limit("Which version works: the newest Approved one, or production's.")] = (
        WhichVersion.APPROVED
    )
    content_type: Annotated[
        str | None, Limit("MIME type of the objects; the package's first one when left out.", pattern=r"\S+/\S+")
    ] = None
    accept: Annotated[
        str | None, Limit("MIME type of the answers; the package's first one when left out.", pattern=r"[-\w]+/.+")
    ] = None
    split: Annotated[
        str, Limit("How an object is cut into records.", choices=("None", "Line", "RecordIO", "TFRecord"))
    ] = "Line"
    strategy: Annotated[str, Limit("How many records a request holds.", choices=("MultiRecord", "SingleRecord"))] = (
        "MultiRecord"
    )
    assemble: Annotated[str, Limit("How answers are put together.", choices=("None", "Line"))] = "Line"
    max_payload_mb: Annotated[
        int | None, Limit("Megabytes that a request may have; AWS's 6 when left out.", minimum=1, maximum=100)
    ] = None
    instances: Annotated[int, Limit("Number of instances.", minimum=1)] = 1
    schedule: Annotated[
        str | AssetSchedule | None, Limit("Cron, an Airflow preset, {assets: [...]}, or null for manual runs only.")
    ] = None

    def __post_init__(self) -> None:
        check(self)
        check_schedule(self.schedule)
        if self.split == "None" and self.strategy == "SingleRecord":
            raise SpecError("strategy", "SingleRecord needs records: say how objects are split, or leave strategy out")
        if f"{self.output.rstrip('/')}/".startswith(f"{self.input.rstrip('/')}/"):
            raise SpecError("output", "lies below input, so that the next job would read this one's results")

    def answers_line_by_line(self, accept: str) -> bool:
        """Whether results must have as many lines as the input; `accept` is what the containers are asked for."""
        by_line = self.split == "Line" and self.assemble == "Line"
        return by_line and (self.strategy == "SingleRecord" or accept.partition(";")[0].strip() in LINE_BY_LINE)
