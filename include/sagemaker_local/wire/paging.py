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
SortKey: TypeAlias = tuple[str | float, str]
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
        last = _read(token, order)
        keyed = [pair for pair in keyed if (pair[0] < last if order.descending else pair[0] > last)]
    size = DEFAULT_PAGE_SIZE if size is None else size
    shown = keyed[:size]
    return Page([item for _, item in shown], _write(shown[-1][0], order) if len(keyed) > size else None)


def _write(key: SortKey, order: Order) -> str:
    return base64.urlsafe_b64encode(json.dumps([order.sort_by, order.descending, *key]).encode()).decode()


def _read(token: str, order: Order) -> SortKey:
    try:
        sort_by, descending, value, unique = json.loads(base64.urlsafe_b64decode(token))
        if (sort_by, descending) != (order.sort_by, order.descending) or not isinstance(unique, str):
            raise ValueError
        if not isinstance(value, float if order.sort_by.endswith("Time") else str):
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise ApiError(
            "ValidationException",
            "Invalid NextToken: use the token of the page before, with the same sort order.",
        ) from None
    return value, unique
