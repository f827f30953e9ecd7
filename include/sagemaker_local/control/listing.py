"""What all List operations have in common: filters, order and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.paging import Order, SortKey, page

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a resource is filtered and sorted by. `unique` puts resources with equal values in an order."""

    name: str
    unique: str
    created_at_s: float
    modified_at_s: float = 0.0
    status: str = ""


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """How one kind of resource is listed: the answer's member, its order when none is asked for, and its items."""

    member: str
    descending: bool
    facts: Callable[[R], Facts]
    summary: Callable[[R], dict[str, Any]]

    def answer(self, call: Call, records: Iterable[R]) -> dict[str, Any]:
        """The page that the request asks for."""
        request = call.request
        order = Order(request.text("SortBy") or "CreationTime", self._descending(request))
        found = page(
            [record for record in records if _wanted(request, self.facts(record))],
            lambda record: _key(self.facts(record), order),
            order,
            size=request.integer("MaxResults"),
            token=request.text("NextToken"),
        )
        answer: dict[str, Any] = {self.member: [self.summary(record) for record in found.items]}
        if found.next_token is not None:
            answer["NextToken"] = found.next_token
        return answer

    def _descending(self, request: Members) -> bool:
        asked = request.text("SortOrder")
        return self.descending if asked is None else asked == "Descending"


def _key(facts: Facts, order: Order) -> SortKey:
    values: dict[str, str | float] = {
        "Name": facts.name,
        "CreationTime": facts.created_at_s,
        "Status": facts.status,
    }
    return values[order.sort_by], facts.unique


def _wanted(request: Members, facts: Facts) -> bool:
    return (
        (request.text("NameContains") or "").lower() in facts.name.lower()
        and request.text("StatusEquals") in (None, facts.status)
        and _between(request, "CreationTime", facts.created_at_s)
        and _between(request, "LastModifiedTime", facts.modified_at_s)
    )


def _between(request: Members, member: str, time_s: float) -> bool:
    after_s, before_s = request.number(f"{member}After"), request.number(f"{member}Before")
    return (after_s is None or time_s > after_s) and (before_s is None or time_s < before_s)
