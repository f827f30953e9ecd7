"""What the load generator is told: where to send what, and when to stop.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from include.sagemaker_local.load.arrivals import StopRules
from include.sagemaker_local.wire.sigv4 import Key

# The first part of a stage belongs to the warm-up: new connections, and the queue finding its new length.
WARM_UP_SHARE = 1 / 3

# Fewer answers than this are no measurement: one more or less would change the result by more than a tenth.
MIN_ANSWERS = 10

# A stage that has too few answers goes on, but not for ever: ten times as long, and in any case long enough for two
# requests that take all the time they may have.
LONGEST_STAGE_FACTOR = 10


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load test. `headers` are names (lower case) and values; `payloads` must not be empty and are sent in turn.

    Requests are signed with `key` for `region`.
    """

    host: str
    port: int
    target: str
    headers: tuple[tuple[str, str], ...]
    payloads: tuple[bytes, ...]
    rules: StopRules
    stage_s: float
    timeout_s: float
    key: Key
    region: str

    @property
    def warm_up_s(self) -> float:
        """How long after its beginning a stage's measurement begins."""
        return self.stage_s * WARM_UP_SHARE

    @property
    def longest_stage_s(self) -> float:
        """When a stage is cut off, however few answers it has."""
        return max(self.stage_s * LONGEST_STAGE_FACTOR, self.warm_up_s + 2 * self.timeout_s)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` makes an equal plan of it."""
        return {
            "host": self.host,
            "port": self.port,
            "target": self.target,
            "headers": [list(header) for header in self.headers],
            "payloads": [base64.b64encode(payload).decode("ascii") for payload in self.payloads],
            "rules": asdict(self.rules),
            "stage_s": self.stage_s,
            "timeout_s": self.timeout_s,
            "key": [self.key.access_key, self.key.secret],
            "region": self.region,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> LoadPlan:
        """The plan that `to_json` wrote. Raises KeyError, TypeError or ValueError when `document` is something else."""
        return cls(
            host=document["host"],
            port=document["port"],
            target=document["target"],
            headers=tuple((name, value) for name, value in document["headers"]),
            payloads=tuple(base64.b64decode(payload, validate=True) for payload in document["payloads"]),
            rules=StopRules(**document["rules"]),
            stage_s=document["stage_s"],
            timeout_s=document["timeout_s"],
            key=Key(*document["key"]),
            region=document["region"],
        )
