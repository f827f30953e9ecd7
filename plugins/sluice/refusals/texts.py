"""What AWS's refusals say in words: who was denied what, and which quota is exhausted. PURE.

Messages are for people and are read here for people alone: what comes out goes into other messages and decides nothing.
A message of another form is no error; nothing is known then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DENIED = re.compile(
    r"User: (?P<principal>\S+) is not authorized to perform: (?P<action>[a-z0-9-]+:\w+)"
    r"(?: on resource: \"?(?P<resource>[^\s\"]+)\"?)?"
)
"""IAM User Guide, "Troubleshoot access denied error messages": the form that all services but older ones of S3 have."""
_EXPLICIT = re.compile(r"with an explicit deny in an? (?P<policy>[\w -]*?policy|[\w -]*?boundary)")
_QUOTA = re.compile(
    r"service limit '(?P<name>[^']+)' is (?P<limit>[\d.]+) (?P<unit>\w+), "
    r"with current utilization of (?P<used>[\d.]+) \w+ and a request delta of (?P<delta>[\d.]+)"
)
"""SageMaker's ResourceLimitExceeded, as many reports of it quote it."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Who may not do what. `explicit` names the kind of policy that forbids it; without it, none allows it."""

    principal: str
    action: str
    resource: str | None
    explicit: str | None


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota by its name in Service Quotas, with its numbers as AWS prints them."""

    name: str
    limit: str
    unit: str
    used: str
    delta: str


def denial_in(message: str) -> Denial | None:
    """What an AccessDenied message says, or None when it says only that access is denied."""
    found = _DENIED.search(message)
    if found is None:
        return None
    explicit = _EXPLICIT.search(message)
    resource = found["resource"]
    return Denial(
        found["principal"],
        found["action"],
        resource.rstrip(".") if resource else None,
        explicit["policy"] if explicit else None,
    )


def quota_in(message: str) -> Quota | None:
    """What a ResourceLimitExceeded message says, or None when it names no quota."""
    found = _QUOTA.search(message)
    return None if found is None else Quota(found["name"], found["limit"], found["unit"], found["used"], found["delta"])
