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
from typing import NamedTuple

from include.sagemaker_local.http1.messages import Headers

MORE = 0x8000
"""The bit of a status that says that more frames follow."""

_LENGTH = struct.Struct("!I")
_START = struct.Struct("!IHI")

# What is asked of the system at once: most messages are one read.
_READ_BYTES = 64 * 1024


class Frame(NamedTuple):
    """One message. `status` 0 is a request, or a worker's first message: it is ready."""

    status: int
    headers: Headers
    body: bytes


def encode(status: int, headers: Headers, body: bytes) -> bytes:
    """One message as bytes."""
    lines = b"".join([b"%b:%b\n" % header for header in headers])
    length = _START.size - _LENGTH.size + len(lines) + len(body)
    return b"".join((_START.pack(length, status, len(lines)), lines, body))


class FrameReader:
    """Puts messages together from whatever pieces arrive."""

    def __init__(self) -> None:
        self._held: bytes | bytearray = b""  # what came of messages that are not whole

    def feed(self, data: bytes) -> Frame | None:
        """Take in `data`; the first message, once it is complete. Ask again, without data, for the next."""
        held: bytes | bytearray = data
        if self._held:
            held = self._held if isinstance(self._held, bytearray) else bytearray(self._held)
            held += data
        end = _LENGTH.size + _LENGTH.unpack_from(held)[0] if len(held) >= _LENGTH.size else 0
        if not end or len(held) < end:
            self._held = held
            return None
        self._held = held[end:]
        return _decode(held, end)


def receive(sock: socket.socket, reader: FrameReader) -> Frame | None:
    """Wait for the next message on a blocking socket that `reader` alone reads; None when the peer is gone."""
    frame = reader.feed(b"")
    while frame is None:
        data = sock.recv(_READ_BYTES)
        if not data:
            return None
        frame = reader.feed(data)
    return frame


def _decode(held: bytes | bytearray, end: int) -> Frame:
    _, status, size = _START.unpack_from(held)
    body = _START.size + size
    headers: Headers = []
    for line in bytes(held[_START.size : body]).split(b"\n")[:-1]:
        name, _, value = line.partition(b":")
        headers.append((name, value))
    return Frame(status, headers, bytes(memoryview(held)[body:end]))
