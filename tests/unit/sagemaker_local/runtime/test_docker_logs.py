"""The frames of a container's output, in whatever pieces they come."""

from __future__ import annotations

import struct

import pytest

from include.sagemaker_local.runtime.docker_logs import Frames


def frame(stream: int, content: bytes) -> bytes:
    return struct.pack(">BxxxI", stream, len(content)) + content


SENT = frame(1, b"out\n") + frame(2, b"err\n") + frame(1, b"") + frame(1, b"x" * 300)


@pytest.mark.parametrize("size", [1, 3, 8, 11, 1000])
def test_pieces_of_any_size(size: int) -> None:
    frames = Frames()
    pieces = [SENT[at : at + size] for at in range(0, len(SENT), size)]
    assert b"".join(frames.feed(piece) for piece in pieces) == b"out\nerr\n" + b"x" * 300


def test_half_a_frame_waits() -> None:
    frames = Frames()
    assert frames.feed(SENT[:11]) == b""
    assert frames.feed(SENT[11:12]) == b"out\n"
