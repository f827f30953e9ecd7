"""RecordIO and TFRecord files: their records, with frames and without."""

from __future__ import annotations

import struct

import pytest

from include.sagemaker_local.jobs.transform_batches import RecordTooLarge, batches
from include.sagemaker_local.jobs.transform_framing import FramingError, record_io, tf_records
from include.sagemaker_local.jobs.transform_tuning import Requests
from tests.fakes.transforms import transform_request

MAGIC = b"\x0a\x23\xd7\xce"
MIB = 1024 * 1024


def part(data: bytes, kind: int = 0) -> bytes:
    """As dmlc-core writes it: magic, kind and length, data, padding."""
    return MAGIC + struct.pack("<I", kind << 29 | len(data)) + data + b"\0" * (-len(data) % 4)


def tf(data: bytes) -> bytes:
    return struct.pack("<QI", len(data), 0xFFFFFFFF) + data + b"csum"


@pytest.mark.parametrize("data", [[], [b"abcd"], [b"a", b"", b"abcdefg"], [b"x" * 70000, b"y"]], ids=len)
def test_records_with_their_frames_are_the_file(data: list[bytes]) -> None:
    for read, frame in ((record_io, part), (tf_records, tf)):
        frames = [frame(each) for each in data]
        assert read(b"".join(frames), bare=False) == frames
        assert read(b"".join(frames), bare=True) == data


def test_a_record_that_holds_the_magic_number_has_several_parts() -> None:
    frame = part(b"head", 1) + part(b"", 2) + part(b"tail", 3)
    content = part(b"before") + frame + part(b"after")
    assert record_io(content, bare=False) == [part(b"before"), frame, part(b"after")]
    assert record_io(content, bare=True) == [b"before", b"head" + MAGIC + MAGIC + b"tail", b"after"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"1,2,3\n4,5,6\n", "no magic number at byte 0"),
        (part(b"abcd") + b"abcd" * 2, "no magic number at byte 12"),
        (part(b"abcd") + MAGIC, "within the head of the record at byte 12"),
        (part(b"abcd")[:-1], "ends before the record at byte 0"),
        (part(b"a", 1) + part(b"b", 2), "before the last part of the record at byte 0"),
    ],
)
def test_what_is_no_record_io(content: bytes, reason: str) -> None:
    with pytest.raises(FramingError, match=reason):
        record_io(content, bare=True)


@pytest.mark.parametrize("content", [b"1,2,3\n4,5,6\n7,8,9\n", b"short", tf(b"abcd")[:-1], tf(b"a") + b"b"])
def test_what_is_no_tf_record(content: bytes) -> None:
    with pytest.raises(FramingError, match=r"no TFRecord: it ends before the record at byte \d+ does"):
        tf_records(content, bare=True)


@pytest.mark.parametrize("split", ["RecordIO", "TFRecord"])
def test_frames_are_kept_with_several_records_a_request_and_dropped_with_one(split: str) -> None:
    framed = {"RecordIO": part, "TFRecord": tf}[split]
    content = b"".join(framed(each) for each in (b"a", b"bc", b"d" * MIB))
    request = transform_request(source={"SplitType": split, "ContentType": "application/octet-stream"})
    assert [one.body for one in batches(content, request, Requests(1, 6, True))] == [b"a", b"bc", b"d" * MIB]
    two = [framed(b"a") + framed(b"bc"), framed(b"d" * MIB)]
    assert [one.body for one in batches(content, request, Requests(1, 2, False))] == [b"".join(two)]
    with pytest.raises(RecordTooLarge, match="record 3 has"):
        batches(content, request, Requests(1, 1, False))
