"""Heads of successful answers: a server's are the same for a second, or for hours, but for what names the one answer.

What is known of a head is what the parser made of the very same bytes, so knowing it changes nothing but the time that
it takes. Two headers of the service are different in every answer and say nothing of where it ends: they are cut out
before heads are compared.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.sagemaker_local.load.answers import CONTAINER_LATENCY_HEADER

_END = b"\r\n\r\n"
_REQUEST_ID = b"\r\nx-amzn-requestid: "
_CONTAINER_LATENCY = b"\r\n%b: " % CONTAINER_LATENCY_HEADER

# A server that writes the time into its heads makes a new one each second, and one more for each length of its answers.
# Beyond this the memory is begun anew, which costs as much as not having it.
_MOST_HEADS = 256

# Longer ones are rare, and not worth a place.
_LONGEST_HEAD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Known:
    """A successful answer, recognised. `usual_head` is its head when every byte of it is likely to come again."""

    usual_head: bytes | None
    container_latency: bytes | None


class KnownAnswers:
    """What all connections of a load have learnt: heads with Content-Length, of successes that keep the connection."""

    def __init__(self) -> None:
        self._body_bytes: dict[bytes, int] = {}  # how long the body is that follows the head

    def recognise(self, data: bytes) -> Known | None:
        """What `data` is, if that is a known head and the whole of its body, and nothing after it."""
        end = data.find(_END, 0, _LONGEST_HEAD_BYTES) + len(_END)
        head = data[:end]
        body_bytes = self._body_bytes.get(head)
        if body_bytes is not None:
            return Known(head, None) if body_bytes == len(data) - end else None
        head, container_latency = _cut(head)
        if self._body_bytes.get(head) != len(data) - end:
            return None
        return Known(None, container_latency)

    def learn(self, data: bytes, body_bytes: int) -> None:
        """`data` came in one piece and was read as such a head and a body of so many bytes."""
        end = data.find(_END, 0, _LONGEST_HEAD_BYTES) + len(_END)
        if end < len(_END) or len(data) - end != body_bytes:
            return  # too long, or line breaks of another kind, or an interim response before it
        if len(self._body_bytes) >= _MOST_HEADS:
            self._body_bytes.clear()
        self._body_bytes[_cut(data[:end])[0]] = body_bytes


def _cut(head: bytes) -> tuple[bytes, bytes | None]:
    """The head without what is different in every answer, and what it says of the containers' latencies."""
    head, _ = _without(head, _REQUEST_ID)
    return _without(head, _CONTAINER_LATENCY)


def _without(head: bytes, name: bytes) -> tuple[bytes, bytes | None]:
    """The head without that header's value, and the value. One with a line break in it is no business of ours."""
    begin = head.find(name)
    if begin < 0:
        return head, None
    begin += len(name)
    end = head.find(b"\r\n", begin)
    value = head[begin:end]
    if b"\n" in value or b"\r" in value:
        return head, None
    return head[:begin] + head[end:], value
