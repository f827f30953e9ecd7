"""Heads that were read or written before: a container's are nearly always the same, to the byte.

What is known is what the parser, or the renderer, made of the very same input, so knowing it changes nothing but the
time that it takes. Everything else goes to the parser or the renderer.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from include.sagemaker_local.http1.messages import Headers, Request, Response
from include.sagemaker_local.http1.rendering import render_request_head

# A peer that writes the time into its heads makes a new one each second; one whose answers differ in length, one for
# each length. Beyond this the memory is begun anew, which costs as much as not having it.
_MOST_HEADS = 256
# Longer ones, and requests with more headers, are rare; they are not worth a place.
_LONGEST_HEAD_BYTES = 1024
_MOST_HEADERS = 8

_END = b"\r\n\r\n"

_RequestKey: TypeAlias = tuple[bytes, bytes, bytes, int, tuple[tuple[bytes, bytes], ...]]


class _ResponseHead(NamedTuple):
    status: int
    headers: Headers
    body_bytes: int


class KnownHeads:
    """What one client remembers."""

    def __init__(self) -> None:
        self._responses: dict[bytes, _ResponseHead] = {}
        self._requests: dict[_RequestKey, bytes] = {}

    def response(self, data: bytes) -> Response | None:
        """The response that `data` is: a known head and all of its body, and nothing else. Else None."""
        end = data.find(_END, 0, _LONGEST_HEAD_BYTES) + len(_END)
        head = self._responses.get(data[:end])
        if head is None or len(data) != end + head.body_bytes:
            return None
        return Response(head.status, head.headers.copy(), data[end:])

    def learn(self, data: bytes, response: Response) -> None:
        """`data`, from a connection that can be used again, was read as `response`; it may hold more than that."""
        end = data.find(_END, 0, _LONGEST_HEAD_BYTES) + len(_END)
        lengths = [value for name, value in response.headers if name == b"content-length"]
        if end < len(_END) or lengths != [b"%d" % (len(data) - end)] or len(response.body) != len(data) - end:
            return  # no head, framed in another way, or not the whole of it
        if len(self._responses) >= _MOST_HEADS:
            self._responses.clear()
        self._responses[data[:end]] = _ResponseHead(response.status, response.headers.copy(), len(response.body))

    def request_head(self, request: Request, authority: bytes) -> bytes:
        """As `render_request_head`. Raises what it raises."""
        headers = request.headers
        if len(headers) > _MOST_HEADERS:
            return render_request_head(request, authority)
        key = (request.method, request.target, authority, len(request.body), tuple(headers))
        head = self._requests.get(key)
        if head is None:
            head = render_request_head(request, authority)
            if len(head) <= _LONGEST_HEAD_BYTES:
                if len(self._requests) >= _MOST_HEADS:
                    self._requests.clear()
                self._requests[key] = head
        return head
