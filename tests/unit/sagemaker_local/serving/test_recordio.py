"""RecordIO and AWS's Record, against Google's implementation of protocol buffers."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sagemaker_local.serving.recordio import read_records, write_records
from tests.fakes.algorithm_records import RECORD, dense, frame, framed, sparse


@pytest.mark.parametrize(
    ("kind", "values"),
    [("float32_tensor", [1.5, -2.0]), ("float64_tensor", [0.1, 1e300]), ("int32_tensor", [3, -4, 2**31 - 1])],
)
def test_dense_rows_of_every_kind(kind: str, values: list[float]) -> None:
    body = frame(dense(values, kind, uid="abc").SerializeToString()) * 2
    assert [list(tensor.values) for tensor in read_records(body)] == [values, values]


def test_a_sparse_row() -> None:
    (tensor,) = read_records(framed(sparse([0, 300], [1, 4], 301)))
    assert (tensor.values, tensor.keys, tensor.shape) == ([1.0, 4.0], [0, 300], [301])


def test_what_is_written_is_what_google_reads() -> None:
    body = write_records([{"score": [0.25, 0.75] * 40, "predicted_label": [1]}, {"score": [0.5]}])
    records = []
    while body:
        magic, length = struct.unpack_from("<II", body)
        assert magic == 0xCED7230A
        records.append(RECORD.FromString(body[8 : 8 + length]))
        body = body[8 + length + -length % 4 :]
    assert list(records[0].label["score"].float32_tensor.values) == [0.25, 0.75] * 40
    assert list(records[0].label["predicted_label"].float32_tensor.values) == [1]
    assert set(records[1].label) == {"score"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"abc", "no header"),
        (struct.pack("<II", 1, 0), "magic"),
        (struct.pack("<II", 0xCED7230A, 9) + b"x", "cut off"),
        (struct.pack("<II", 0xCED7230A, 1 << 29), "divided"),
        (frame(b""), 'no feature "values"'),
        (frame(RECORD(features={"values": {}}).SerializeToString()), "no tensor of numbers"),
        (frame(b"\x0a\x7f"), "within a field"),
        (frame(b"\x0b"), "wire type 3"),
        (frame(b"\xff" * 12), "too long"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_records(body)


@given(st.binary(max_size=60))
def test_whatever_is_in_a_record_is_read_or_refused(content: bytes) -> None:
    try:
        read_records(frame(content))
    except ValueError:
        return
