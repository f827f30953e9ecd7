from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from include.sagemaker_local.load.plan import Tls
from include.sagemaker_local.load.requests import Requests
from tests.fakes.clock import ManualClock
from tests.fakes.load_connection import plan


def date_of(request: bytes | tuple[bytes, bytes]) -> bytes:
    head = request if isinstance(request, bytes) else request[0]
    return head.split(b"x-amz-date: ")[1].split(b"\r\n")[0]


def test_every_payload_has_its_turn_as_often_as_every_other() -> None:
    requests = Requests(plan(b"a", b"b", b"c"), ManualClock())

    turns = Counter(next(requests.turn) for _ in range(300))

    assert turns == {0: 100, 1: 100, 2: 100}
    assert [request[-1:] for request in requests.ready] == [b"a", b"b", b"c"]


def test_a_target_that_is_no_endpoint_is_asked_as_the_plan_says_and_unsigned() -> None:
    elsewhere = replace(plan(b""), host="example.com", port=443, method="GET", key=None, tls=Tls(), target="/a?b=c")

    (request,) = Requests(elsewhere, ManualClock()).ready

    assert isinstance(request, bytes)
    assert request.startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"\r\nhost: example.com\r\n" in request
    assert b"x-amz" not in request
    assert b"authorization" not in request


def test_requests_are_signed_anew_before_their_signature_is_too_old() -> None:
    clock = ManualClock()
    requests = Requests(plan(b"a", b"b"), clock)
    ready, first = requests.ready, [date_of(each) for each in requests.ready]

    clock.advance(299)
    requests.refresh()
    assert [date_of(each) for each in requests.ready] == first

    clock.advance(2)
    requests.refresh()
    assert requests.ready is ready  # connections hold on to it
    assert [date_of(each) for each in ready] != first


def test_a_thousand_signatures_are_not_made_in_one_turn() -> None:
    clock = ManualClock()
    requests = Requests(plan(*(b"%d" % number for number in range(150))), clock)
    old = {date_of(each) for each in requests.ready}
    clock.advance(301)

    left = []
    for _ in range(3):
        requests.refresh()
        left.append(sum(date_of(each) in old for each in requests.ready))

    assert left == [150 - 64, 150 - 128, 0]


def test_heads_and_large_payloads_are_sent_in_pieces() -> None:
    large = b"x" * 65_537
    requests = Requests(plan(b"small", large), ManualClock())

    assert requests.in_pieces
    assert [each[1] for each in requests.ready] == [b"small", large]
    assert requests.ready[1][1] is large


def test_no_payload_is_refused() -> None:
    empty = plan()
    object.__setattr__(empty, "payloads", ())
    with pytest.raises(ValueError, match="needs a payload"):
        Requests(empty, ManualClock())
