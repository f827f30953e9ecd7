"""Messages between front and workers, in whatever pieces they arrive."""

from __future__ import annotations

import socket
import threading

import pytest

from include.sagemaker_local.serving import frames

MESSAGES = [
    (0, [], b""),
    (200, [(b"content-type", b"text/csv")], b"1,2\n3,4\n"),
    (500, [(b"x-empty", b""), (b"x-colons", b"a:b:c")], bytes(range(256)) * 5000),
]


@pytest.mark.parametrize(
    ("message", "piece"), [(MESSAGES[0], 1), (MESSAGES[1], 1), (MESSAGES[1], 3), (MESSAGES[2], 65536)]
)
def test_reader_puts_pieces_together(message: tuple[int, list[tuple[bytes, bytes]], bytes], piece: int) -> None:
    data = frames.encode(*message)
    reader = frames.FrameReader()
    results = [reader.feed(data[at : at + piece]) for at in range(0, len(data), piece)]
    assert all(result is None for result in results[:-1])
    assert results[-1] == frames.Frame(*message)


def test_blocking_and_buffered_readers_agree() -> None:
    left, right = socket.socketpair()
    with left, right:
        together = b"".join(frames.encode(*message) for message in MESSAGES)
        sender = threading.Thread(target=left.sendall, args=(together,))
        sender.start()
        reader = frames.FrameReader()
        assert [frames.receive(right, reader) for _ in MESSAGES] == [frames.Frame(*message) for message in MESSAGES]
        sender.join()


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\x10half"])
def test_the_end_of_the_peer_is_no_message(sent: bytes) -> None:
    left, right = socket.socketpair()
    with right:
        left.sendall(sent)
        left.close()
        assert frames.receive(right, frames.FrameReader()) is None
