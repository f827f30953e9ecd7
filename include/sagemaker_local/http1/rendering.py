"""Messages to bytes. A head and a small body are one `bytes` object, so that they go out with one system call."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from include.sagemaker_local.http1.messages import Request, Response, StreamedResponse

# Below this a copy is cheaper than a second buffer for the system.
_JOINED_BYTES = 64 * 1024

# Names that the protocol sets itself. A handler or caller that sets them is not wrong, only not asked.
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection", b"keep-alive"))

_STATUS_LINES = {status.value: b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}

# Statuses whose responses end with their head (RFC 9110, 6.4.1).
_BODILESS = frozenset((204, 304))

# Methods whose requests carry a Content-Length even when it is 0 (RFC 9110, 8.6).
_WITH_BODY = frozenset((b"POST", b"PUT", b"PATCH"))


def render_request_head(request: Request, authority: bytes) -> bytes:
    """The head of the request, to its empty line. `authority` becomes its Host unless it brings one.

    Raises ValueError when a name, value, method or target holds a line break.
    """
    body = request.body
    head = b"%b %b HTTP/1.1\r\n" % (request.method, request.target)
    breaks = 2
    for name, value in request.headers:
        if name not in _FRAMING:
            head += b"%b: %b\r\n" % (name, value)
            breaks += 1
            if name == b"host":
                authority = b""
    if authority:
        head += b"host: %b\r\n" % authority
        breaks += 1
    if body or request.method in _WITH_BODY:
        head += b"content-length: %d\r\n" % len(body)
        breaks += 1
    head += b"\r\n"
    _check_breaks(head, breaks)
    return head


def render_response(response: Response, method: bytes, connection: bytes | None) -> tuple[bytes, bytes]:
    """Head and body as they are sent. `method` is that of the request, `connection` the Connection header's value.

    Raises ValueError when a name or value holds a line break.
    """
    status = response.status
    body = response.body
    head = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    breaks = 2
    for name, value in response.headers:
        if name not in _FRAMING:
            head += b"%b: %b\r\n" % (name, value)
            breaks += 1
    if connection is not None:
        head += b"connection: %b\r\n" % connection
        breaks += 1
    if status in _BODILESS:
        body = b""
    elif method == b"HEAD":
        head += b"content-length: %b\r\n" % _promised_length(response)
        body = b""
        breaks += 1
    else:
        head += b"content-length: %d\r\n" % len(body)
        breaks += 1
    head += b"\r\n"
    _check_breaks(head, breaks)
    return head, body


def send(transport: asyncio.WriteTransport, head: bytes, body: bytes) -> None:
    """Write a message. Large bodies are not copied to be joined with their head (by uvloop; asyncio 3.11 copies)."""
    if len(body) <= _JOINED_BYTES:
        transport.write(head + body)
    else:
        transport.writelines((head, body))


def render_streamed_head(response: StreamedResponse, connection: bytes | None, *, chunked: bool) -> bytes:
    """The head of a response whose body follows in pieces; without length and chunks, the connection's end is its end.

    Raises ValueError when a name or value holds a line break.
    """
    framing = [] if connection is None else [(b"connection", connection)]
    if response.length is not None:
        framing.append((b"content-length", b"%d" % response.length))
    elif chunked:
        framing.append((b"transfer-encoding", b"chunked"))
    headers = [header for header in response.headers if header[0] not in _FRAMING] + framing
    head = _STATUS_LINES.get(response.status) or b"HTTP/1.1 %d \r\n" % response.status
    head += b"".join([b"%b: %b\r\n" % header for header in headers]) + b"\r\n"
    _check_breaks(head, len(headers) + 2)
    return head


def has_body(status: int, method: bytes) -> bool:
    """Whether a body follows the head of a response to `method`."""
    return status not in _BODILESS and method != b"HEAD"


def chunk(piece: bytes) -> bytes:
    """A part of a chunked body; an empty piece is its end (RFC 9112, 7.1)."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def refusal(status: int, text: str) -> Response:
    """A response of the protocol's own: one line of plain text."""
    return Response(status, [(b"content-type", b"text/plain; charset=utf-8")], text.encode() + b"\n")


def _promised_length(response: Response) -> bytes:
    """What a HEAD answers as Content-Length: the handler's own figure (S3's HeadObject has one), or its body's."""
    if response.body:
        return b"%d" % len(response.body)
    return response.header(b"content-length") or b"0"


def _check_breaks(head: bytes, expected: int) -> None:
    """A line break inside a value would let whoever chose the value write headers, or a second message."""
    if head.count(b"\n") != expected or head.count(b"\r") != expected:
        raise ValueError("a header, the method or the target holds a line break")
