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
class Tls:
    """An encrypted connection, to whoever can prove to be the host to `ca_file`; None: to whom this machine trusts."""

    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load test. `headers` are names (lower case) and values; `payloads` must not be empty and are sent in turn.

    Requests are signed with `key` for `region`; without a key they are not signed. The generator keeps to `cores`; when
    there are none, it may use any.
    """

    host: str
    port: int
    target: str
    headers: tuple[tuple[str, str], ...]
    payloads: tuple[bytes, ...]
    course: Course
    rules: StopRules
    timeout_s: float
    key: Key | None = None
    region: str = ""
    method: str = "POST"
    tls: Tls | None = None
    cores: tuple[int, ...] = ()

    @property
    def authority(self) -> str:
        """Whom the requests are for, as their Host header has it: without the port where that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

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
            "key": None if self.key is None else [self.key.access_key, self.key.secret],
            "region": self.region,
            "cores": list(self.cores),
            "method": self.method,
            "tls": None if self.tls is None else asdict(self.tls),
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
            key=None if document["key"] is None else Key(*document["key"]),
            region=document["region"],
            cores=tuple(document["cores"]),
            method=document["method"],
            tls=None if document["tls"] is None else Tls(**document["tls"]),
        )
