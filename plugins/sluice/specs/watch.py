"""Where a promotion hears of versions that others register or approve, as a spec describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sluice.fields.limits import Limit, check


@dataclass(frozen=True, kw_only=True)
class WatchSpec:
    """A queue to which EventBridge sends the state changes of model packages."""

    queue: Annotated[
        str,
        Limit(
            "URL of an SQS queue with EventBridge's 'SageMaker Model Package State Change' events.",
            pattern=r"https?://[^\s/]+/\S+",
            max_length=1024,
        ),
    ]

    def __post_init__(self) -> None:
        check(self)
