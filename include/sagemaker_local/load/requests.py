"""The requests of a plan as bytes: rendered and signed ahead of time, for there is no time to do it for each.

PURE: no I/O; the time is the clock's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.http1.rendering import render_request_head
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.wire.sigv4 import signed

# A signature is good for 15 minutes; making one for each request would cost the core that is to send them.
_SIGNATURE_AGE_S = 300.0

# A signature takes some 40 us; no turn of the event loop is to be held up for more than a few milliseconds.
_SIGNED_AT_ONCE = 64

# Below this a copy is cheaper than a second buffer for the system.
_JOINED_BYTES = 64 * 1024


class Requests:
    """`ready` holds a request for each payload; `turn` says, for ever, which one is next.

    All users draw from the one row, so that every payload is used as often as every other. When `in_pieces`, each is a
    tuple of head and body, for `writelines`, or else bytes, for `write`.
    """

    def __init__(self, plan: LoadPlan, clock: Clock) -> None:
        """Render all of them. Raises ValueError when the plan has no payload, or a header that is none."""
        if not plan.payloads:
            raise ValueError("a load test needs a payload to send")
        self._plan = plan
        self._clock = clock
        self._signed_at_s: list[float] = []
        self._oldest = 0
        self.in_pieces = any(len(payload) > _JOINED_BYTES for payload in plan.payloads)
        self.turn: Iterator[int] = cycle(range(len(plan.payloads)))
        self.ready: list[bytes | tuple[bytes, bytes]] = []
        for payload in plan.payloads:
            self._signed_at_s.append(clock.now_s())
            self.ready.append(self._rendered(payload, self._signed_at_s[-1]))

    def refresh(self) -> None:
        """Sign those anew whose signature is getting old. To be called a few times a second."""
        now_s = self._clock.now_s()
        for _ in range(min(_SIGNED_AT_ONCE, len(self.ready))):
            oldest = self._oldest
            if now_s - self._signed_at_s[oldest] < _SIGNATURE_AGE_S:
                return
            self._signed_at_s[oldest] = now_s
            self.ready[oldest] = self._rendered(self._plan.payloads[oldest], now_s)
            self._oldest = (oldest + 1) % len(self.ready)

    def _rendered(self, payload: bytes, now_s: float) -> bytes | tuple[bytes, bytes]:
        plan = self._plan
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in plan.headers]
        headers.append((b"host", plan.authority.encode("latin-1")))
        request = Request(plan.method.encode("latin-1"), plan.target.encode("latin-1"), headers, payload)
        if plan.key is not None:
            request = signed(request, plan.key, plan.region, "sagemaker", now_s)
        head = render_request_head(request, b"")
        return (head, payload) if self.in_pieces else head + payload
