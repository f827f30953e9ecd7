from __future__ import annotations

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.wire.paging import DEFAULT_PAGE_SIZE, Order, SortKey, page

BY_TIME = Order("CreationTime", descending=False)
BY_TIME_DOWN = Order("CreationTime", descending=True)


def key(item: tuple[float, str]) -> SortKey:
    return item


def items(count: int) -> list[tuple[float, str]]:
    return [(100.0 + index // 3, f"item-{index:02d}") for index in range(count)]  # three share each moment


@pytest.mark.parametrize("order", [BY_TIME, BY_TIME_DOWN])
@pytest.mark.parametrize("size", [1, 2, 7, 25, 100])
def test_the_pages_together_are_the_sorted_list(order: Order, size: int) -> None:
    everything = items(25)
    seen: list[tuple[float, str]] = []
    token: str | None = None
    while True:
        found = page(reversed(everything), key, order, size=size, token=token)
        assert 1 <= len(found.items) <= size
        seen += found.items
        token = found.next_token
        if token is None:
            break
    assert seen == (everything[::-1] if order.descending else everything)


def test_nothing_is_skipped_or_repeated_when_items_before_the_page_come_and_go() -> None:
    everything = items(9)
    first = page(everything, key, BY_TIME, size=4)
    changed = [(99.0, "earlier"), *everything[2:]]
    second = page(changed, key, BY_TIME, size=4, token=first.next_token)
    assert second.items == everything[4:8]


def test_the_default_size_and_an_empty_list() -> None:
    assert len(page(items(50), key, BY_TIME).items) == DEFAULT_PAGE_SIZE
    assert page([], key, BY_TIME).next_token is None
    assert page(items(10), key, BY_TIME, size=10).next_token is None


def test_a_token_of_another_order_is_refused() -> None:
    token = page(items(9), key, BY_TIME, size=4).next_token
    for order in (BY_TIME_DOWN, Order("Name", descending=False)):
        with pytest.raises(ApiError, match="Invalid NextToken"):
            page(items(9), key, order, token=token)


@pytest.mark.parametrize(
    "token", ["", "x", "####", "bnVsbA==", "WzEsIDJd", "WyJDcmVhdGlvblRpbWUiLCBmYWxzZSwgIngiLCAieSJd", "é"]
)
def test_a_token_that_was_never_handed_out_is_refused(token: str) -> None:
    with pytest.raises(ApiError, match="Invalid NextToken"):
        page(items(9), key, BY_TIME, token=token)
