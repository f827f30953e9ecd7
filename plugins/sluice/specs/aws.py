"""Where, and as whom, a pipeline runs, and where the record of its decisions goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sluice.fields.limits import Limit, check
from sluice.specs.service_limits import EVIDENCE_PREFIX_MAX, ROLE_ARN, S3_PREFIX


@dataclass(frozen=True, kw_only=True)
class AwsSpec:
    """Where, and as whom, the pipeline runs."""

    connection: Annotated[
        str,
        Limit(
            "Airflow connection; its endpoint_url is the only switch between AWS and local.",
            pattern=r"\S+",
            max_length=200,
        ),
    ] = "aws_default"
    role: Annotated[str, Limit("ARN of the execution role of models and jobs.", pattern=ROLE_ARN, max_length=2048)]
    region: Annotated[
        str | None, Limit("AWS region; the connection's own when left out.", pattern=r"[a-z]{2,4}(-[a-z]+)+-\d")
    ] = None

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class EvidenceSpec:
    """Where the record of each decision goes."""

    prefix: Annotated[
        str,
        Limit(
            "s3:// prefix under which evidence documents are written.",
            pattern=S3_PREFIX,
            max_length=EVIDENCE_PREFIX_MAX,
        ),
    ]

    def __post_init__(self) -> None:
        check(self)
