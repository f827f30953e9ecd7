"""A record -> IAM policies, and a policy held against what was used. Nothing here reads or writes anything."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from sluice.refusals.permissions import Condition

from include.iam.on_behalf import ON_BEHALF
from include.iam.record import Used

VERSION = "2012-10-17"  # of the policy language; there is no newer one
Policy = dict[str, Any]


def worker_policy(record: Iterable[Used]) -> Policy:
    """What the role behind the Airflow connection needs: of workers and triggerers."""
    return _policy((each.action, each.resource, each.condition) for each in record)


def execution_policy(record: Iterable[Used]) -> Policy:
    """What the role needs under which SageMaker works, for the recorded operations that make it work."""
    made = {operation for each in record for operation in each.operations}
    needs = (need for operation, rows in ON_BEHALF.items() if operation in made for need in rows)
    return _policy((need.action, need.resource, need.condition) for need in needs)


def lacking(policy: Policy, used: Iterable[Used]) -> tuple[Used, ...]:
    """What was used and the policy does not allow."""
    return tuple(each for each in used if not any(_allows(statement, each) for statement in policy["Statement"]))


def unused(policy: Policy, used: Iterable[Used]) -> tuple[str, ...]:
    """Each action on a resource that the policy allows and nobody used: `Sid: action on resource`."""
    seen = list(used)
    return tuple(
        f"{statement['Sid']}: {action} on {resource}"
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if not any(_allows({**statement, "Action": [action], "Resource": [resource]}, each) for each in seen)
    )


def _allows(statement: Mapping[str, Any], each: Used) -> bool:
    """Placeholders stand for themselves, so a pattern with one covers only the same placeholder, and `*` all."""
    condition = statement.get("Condition", {})
    return (
        each.action in statement["Action"]
        and any(_covers(pattern, each.resource) for pattern in statement["Resource"])
        and (not condition or condition == each.condition)
    )


def _covers(pattern: str, resource: str) -> bool:
    return fnmatchcase(resource, pattern.replace("[", "[[]"))


def _policy(needs: Iterable[tuple[str, str, Condition]]) -> Policy:
    """Actions on the same resources under the same condition share a statement."""
    resources: dict[tuple[str, str], set[str]] = defaultdict(set)
    for action, resource, condition in needs:
        resources[action, json.dumps(condition, sort_keys=True)].add(resource)
    actions: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for (action, limited), found in sorted(resources.items()):
        actions[_widest(found), limited].append(action)
    ordered = sorted(actions.items(), key=lambda item: item[1])
    return {"Version": VERSION, "Statement": list(_statements(ordered))}


def _widest(resources: set[str]) -> tuple[str, ...]:
    """Without those that another one covers."""
    return tuple(
        sorted(each for each in resources if not any(each != other and _covers(other, each) for other in resources))
    )


def _statements(ordered: Sequence[tuple[tuple[tuple[str, ...], str], list[str]]]) -> Iterator[dict[str, Any]]:
    names: dict[str, int] = defaultdict(int)
    for (resources, condition), actions in ordered:
        name = _name(actions, resources)
        names[name] += 1
        sid = name if names[name] == 1 else f"{name}{names[name]}"
        limited = {} if condition == "{}" else {"Condition": json.loads(condition)}
        yield {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources), **limited}


def _name(actions: Sequence[str], resources: Sequence[str]) -> str:
    """`SagemakerEndpointConfig`: the service and what it is about, in the letters that a Sid may have."""
    services = dict.fromkeys(action.partition(":")[0] for action in actions)
    kinds = dict.fromkeys(_kind(resource) for resource in resources)
    return "".join(_camel(part) for part in (*services, *kinds) if part)


def _kind(resource: str) -> str:
    if resource == "*":
        return "any"
    kind = resource.split(":", 5)[5].partition("/")[0].partition(":")[0]
    return "" if kind.startswith("$") else kind


def _camel(text: str) -> str:
    return "".join(part.capitalize() for part in text.split("-"))
