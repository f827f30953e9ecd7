"""Messages of AWS's event streams (application/vnd.amazon.eventstream), which SDKs read piece by piece.

A message is its length and that of its headers, a checksum of the two, the headers, the payload, and a checksum of all
before it; numbers are big-endian. Source: the encoding that botocore.eventstream and Smithy's specification read.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import struct
import zlib

CONTENT_TYPE = b"application/vnd.amazon.eventstream"

_PRELUDE = struct.Struct("!II")
_CHECKSUM = struct.Struct("!I")
_STRING = 7  # the type of a header whose value is text
_AROUND = _PRELUDE.size + 2 * _CHECKSUM.size


def event(kind: str, payload: bytes) -> bytes:
    """An event of an output stream that carries bytes."""
    return _message("event", kind, "application/octet-stream", payload)


def exception(kind: str, payload: bytes) -> bytes:
    """An error in the middle of a stream, which is its end; `payload` is the error's JSON object."""
    return _message("exception", kind, "application/json", payload)


def _message(message_type: str, kind: str, content_type: str, payload: bytes) -> bytes:
    headers = {":message-type": message_type, f":{message_type}-type": kind, ":content-type": content_type}
    head = b"".join([_header(name.encode(), value.encode()) for name, value in headers.items()])
    prelude = _PRELUDE.pack(_AROUND + len(head) + len(payload), len(head))
    checked = b"".join((prelude, _CHECKSUM.pack(zlib.crc32(prelude)), head, payload))
    return checked + _CHECKSUM.pack(zlib.crc32(checked))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack(f"!B{len(name)}sBH{len(value)}s", len(name), name, _STRING, len(value), value)
