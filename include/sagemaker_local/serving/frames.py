"""Messages between the front and its workers: length-prefixed frames over a Unix socket pair.

4 bytes  length of what follows
2 bytes  status: of a response; 0 in a request and in a worker's word that its model is loaded. The highest bit says
         that more frames of the same response follow: its body in pieces. The last one is empty, and its status is
         another one than the first one's when the body broke off.
4 bytes  length of the header lines
...      header lines "name:value\\n", then the body
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from include.sagemaker_local.http1.messages import Headers

MORE = 0x8000
"""The bit of a status that says that more frames follow."""

_LENGTH = struct.Struct("!I")
_START = struct.Struct("!HI")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. `status` 0 is a request, or a worker's first message: it is ready."""

    status: int
    headers: Headers
    body: bytes


def encode(status: int, headers: Headers, body: bytes) -> bytes:
    """One message as bytes."""
    lines = b"".join([b"%b:%b\n" % header for header in headers])
    return b"".join(
        (_LENGTH.pack(_START.size + len(lines) + len(body)), _START.pack(status, len(lines)), lines, body),
    )


class FrameReader:
    """Puts messages together from whatever pieces arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Frame | None:
        """Take in `data`; the first message, once it is complete. Ask again, without data, for the next."""
        self._buffer += data
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if len(self._buffer) < _LENGTH.size + length:
            return None
        frame = _decode(bytes(self._buffer[_LENGTH.size : _LENGTH.size + length]))
        del self._buffer[: _LENGTH.size + length]
        return frame


def receive(sock: socket.socket) -> Frame | None:
    """Wait for one message on a blocking socket; None when the peer is gone."""
    start = _exactly(sock, _LENGTH.size)
    if start is None:
        return None
    (length,) = _LENGTH.unpack(start)
    payload = _exactly(sock, length)
    return None if payload is None else _decode(payload)


def _exactly(sock: socket.socket, count: int) -> bytes | None:
    buffer = bytearray(count)
    view = memoryview(buffer)
    while view:
        received = sock.recv_into(view)
        if received == 0:
            return None
        view = view[received:]
    return bytes(buffer)


def _decode(payload: bytes) -> Frame:
    status, size = _START.unpack_from(payload)
    body = _START.size + size
    headers: Headers = []
    for line in payload[_START.size : body].split(b"\n")[:-1]:
        name, _, value = line.partition(b":")
        headers.append((name, value))
    return Frame(status, headers, payload[body:])
