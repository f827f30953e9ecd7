"""A container's output as the Docker engine sends it: frames of a stream's number, a length and the bytes. PURE."""

from __future__ import annotations

import struct

_HEADER = struct.Struct(">B3xI")  # stdout is 1, stderr 2; then the number of bytes that follow


class Frames:
    """Takes the frames apart, in whatever pieces they come."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """The output in `piece`, both streams in the order in which the engine got them; half a frame waits."""
        data = self._rest + piece
        found, at = [], 0
        while len(data) - at >= _HEADER.size:
            (_, size) = _HEADER.unpack_from(data, at)
            end = at + _HEADER.size + size
            if len(data) < end:
                break
            found.append(data[at + _HEADER.size : end])
            at = end
        self._rest = data[at:]
        return b"".join(found)
