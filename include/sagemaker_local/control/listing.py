"""What all List operations have in common: filters, order and pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.store.pages import Rows
from include.sagemaker_local.store.selection import (
    CREATED,
    MODIFIED,
    NAME,
    STATUS,
    Compares,
    Comparison,
    Contains,
    Field,
    Position,
    Predicate,
    Selection,
)
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.paging import DEFAULT_PAGE_SIZE, Order, invalid_token, read_token, write_token

R = TypeVar("R")

_SORTED_BY: Mapping[str, Field] = {"Name": NAME, "CreationTime": CREATED, "Status": STATUS}
_TIMES: Mapping[str, tuple[Field, Comparison]] = {
    "CreationTimeAfter": (CREATED, Comparison.ABOVE),
    "CreationTimeBefore": (CREATED, Comparison.BELOW),
    "LastModifiedTimeAfter": (MODIFIED, Comparison.ABOVE),
    "LastModifiedTimeBefore": (MODIFIED, Comparison.BELOW),
}


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """How one kind of resource is listed: the answer's member, its order when none is asked for, and its items."""

    member: str
    descending: bool
    summary: Callable[[R], dict[str, Any]]

    def answer(self, call: Call, rows: Callable[[Selection], Rows[R]], *where: Predicate) -> dict[str, Any]:
        """The page that the request asks for, of the resources that meet `where` besides."""
        request = call.request
        asked = request.text("SortOrder")
        descending = self.descending if asked is None else asked == "Descending"
        order = Order(request.text("SortBy") or "CreationTime", descending)
        found = rows(selection(call, order, _SORTED_BY[order.sort_by], (*_filters(request), *where)))
        answer: dict[str, Any] = {self.member: [self.summary(record) for record in found.records]}
        return with_next_token(answer, found.last, order)


def selection(call: Call, order: Order, sort_by: Field, where: tuple[Predicate, ...]) -> Selection:
    """The page that MaxResults and NextToken ask for. Raises ApiError for a token that this order did not hand out."""
    token, size = call.request.text("NextToken"), call.request.integer("MaxResults")
    return Selection(
        region=call.region,
        where=where,
        sort_by=sort_by,
        descending=order.descending,
        size=DEFAULT_PAGE_SIZE if size is None else size,
        after=None if token is None else _position(token, order),
    )


def with_next_token(answer: dict[str, Any], last: Position | None, order: Order) -> dict[str, Any]:
    """The answer with the token of the page that follows, if one does."""
    return answer if last is None else {**answer, "NextToken": write_token((last.value, last.row), order)}


def _position(token: str, order: Order) -> Position:
    value, row = read_token(token, order)
    if not isinstance(row, int):
        raise invalid_token()
    return Position(value, row)


def _filters(request: Members) -> list[Predicate]:
    found: list[Predicate] = []
    for member, (field, test) in _TIMES.items():
        time_s = request.number(member)
        if time_s is not None:
            found.append(Compares(field, test, time_s))
    text, status = request.text("NameContains"), request.text("StatusEquals")
    if text:
        found.append(Contains(NAME, text))
    if status is not None:
        found.append(Compares(STATUS, Comparison.EQUALS, status))
    return found
