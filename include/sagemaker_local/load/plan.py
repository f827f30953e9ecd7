"""What the load generator is told: where to send what, how much of it when, and when to stop.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from include.sagemaker_local.load.course import Course, course_from_json, course_to_json
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.wire.sigv4 import Key


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load test. `headers` are names (lower case) and values; `payloads` must not be empty and are sent in turn.

    Requests are signed with `key` for `region`. The generator keeps to `cores`; when there are none, it may use any.
    """

    host: str
    port: int
    target: str
    headers: tuple[tuple[str, str], ...]
    payloads: tuple[bytes, ...]
    course: Course
    rules: StopRules
    timeout_s: float
    key: Key
    region: str
    cores: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` makes an equal plan of it."""
        return {
            "host": self.host,
            "port": self.port,
            "target": self.target,
            "headers": [list(header) for header in self.headers],
            "payloads": [base64.b64encode(payload).decode("ascii") for payload in self.payloads],
            "course": course_to_json(self.course),
            "rules": asdict(self.rules),
            "timeout_s": self.timeout_s,
            "key": [self.key.access_key, self.key.secret],
            "region": self.region,
            "cores": list(self.cores),
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
            course=course_from_json(document["course"]),
            rules=StopRules(**document["rules"]),
            timeout_s=document["timeout_s"],
            key=Key(*document["key"]),
            region=document["region"],
            cores=tuple(document["cores"]),
        )
