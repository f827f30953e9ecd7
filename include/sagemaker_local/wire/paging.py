"""Lists in pages that stay right while resources come and go between two pages."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from include.sagemaker_local.errors import ApiError

T = TypeVar("T")
SortKey: TypeAlias = tuple[str | float, str | int]
"""What to sort by, then something unique, so that equal values have an order too."""

DEFAULT_PAGE_SIZE = 10
"""How many items AWS puts on a page when MaxResults is not given."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order that a request asked for."""

    sort_by: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page; `next_token` is None on the last."""

    items: list[T]
    next_token: str | None


def page(
    items: Iterable[T],
    key: Callable[[T], SortKey],
    order: Order,
    *,
    size: int | None = None,
    token: str | None = None,
) -> Page[T]:
    """The `size` items that follow the page that `token` came with.

    The token holds the key of the last item shown rather than a count, so nothing is skipped or shown twice when
    resources before it are created or deleted. Raises ApiError for a token that this order did not hand out.
    """
    keyed = sorted(((key(item), item) for item in items), key=lambda pair: pair[0], reverse=order.descending)
    if token is not None:
        last = read_token(token, order)
        keyed = [pair for pair in keyed if (pair[0] < last if order.descending else pair[0] > last)]
    size = DEFAULT_PAGE_SIZE if size is None else size
    shown = keyed[:size]
    return Page([item for _, item in shown], write_token(shown[-1][0], order) if len(keyed) > size else None)


def write_token(key: SortKey, order: Order) -> str:
    """The NextToken of a page that ended with the item of this key."""
    return base64.urlsafe_b64encode(json.dumps([order.sort_by, order.descending, *key]).encode()).decode()


def read_token(token: str, order: Order) -> SortKey:
    """The key in a NextToken. Raises ApiError for a token that this order did not hand out."""
    try:
        sort_by, descending, value, unique = json.loads(base64.urlsafe_b64decode(token))
        if (sort_by, descending) != (order.sort_by, order.descending) or type(unique) not in (str, int):
            raise ValueError
        if type(value) not in ((float, int) if order.sort_by.endswith("Time") else (str, float, int)):
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise invalid_token() from None
    return value, unique


def invalid_token() -> ApiError:
    """The refusal of a NextToken that is none of ours, or another list's."""
    return ApiError(
        "ValidationException", "Invalid NextToken: use the token of the page before, with the same sort order."
    )
