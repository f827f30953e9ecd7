"""RecordIO and AWS's Record, against Google's implementation of protocol buffers."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from include.sagemaker_local.serving.recordio import read_records, write_records

Field = descriptor_pb2.FieldDescriptorProto
PACKAGE = "aialgs.data"


def record_class() -> Any:
    """The message `Record` of AWS's guide."""
    file = descriptor_pb2.FileDescriptorProto(name="record.proto", package=PACKAGE, syntax="proto2")
    types = {"Float32Tensor": Field.TYPE_FLOAT, "Float64Tensor": Field.TYPE_DOUBLE, "Int32Tensor": Field.TYPE_INT32}
    for name, kind in types.items():
        tensor = file.message_type.add(name=name)
        for number, (field, of) in enumerate(
            (("values", kind), ("keys", Field.TYPE_UINT64), ("shape", Field.TYPE_UINT64)), 1
        ):
            added = tensor.field.add(name=field, number=number, type=of, label=Field.LABEL_REPEATED)
            added.options.packed = True
    value = file.message_type.add(name="Value")
    value.oneof_decl.add(name="value")
    for number, field, of in ((2, "float32_tensor", "Float32Tensor"), (3, "float64_tensor", "Float64Tensor")):
        value.field.add(name=field, number=number, type=Field.TYPE_MESSAGE, type_name=f".{PACKAGE}.{of}", oneof_index=0)
    value.field.add(
        name="int32_tensor", number=7, type=Field.TYPE_MESSAGE, type_name=f".{PACKAGE}.Int32Tensor", oneof_index=0
    )
    record = file.message_type.add(name="Record")
    for number, field in ((1, "features"), (2, "label")):
        entry = record.nested_type.add(name=f"{field.capitalize()}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=Field.TYPE_STRING)
        entry.field.add(name="value", number=2, type=Field.TYPE_MESSAGE, type_name=f".{PACKAGE}.Value")
        record.field.add(
            name=field,
            number=number,
            label=Field.LABEL_REPEATED,
            type=Field.TYPE_MESSAGE,
            type_name=f".{PACKAGE}.Record.{entry.name}",
        )
    record.field.add(name="uid", number=3, type=Field.TYPE_STRING)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.Record"))


RECORD = record_class()


def frame(content: bytes) -> bytes:
    return struct.pack("<II", 0xCED7230A, len(content)) + content + b"\0" * (-len(content) % 4)


def dense(values: list[float], kind: str = "float32_tensor", uid: str = "") -> Any:
    record = RECORD()
    getattr(record.features["values"], kind).values.extend(values)
    record.features["other"].int32_tensor.values.extend([9])
    record.uid = uid
    return record


@pytest.mark.parametrize(
    ("kind", "values"),
    [("float32_tensor", [1.5, -2.0]), ("float64_tensor", [0.1, 1e300]), ("int32_tensor", [3, -4, 2**31 - 1])],
)
def test_dense_rows_of_every_kind(kind: str, values: list[float]) -> None:
    body = frame(dense(values, kind, uid="abc").SerializeToString()) * 2
    assert [list(tensor.values) for tensor in read_records(body)] == [values, values]


def test_a_sparse_row() -> None:
    record = dense([1, 4])
    record.features["values"].float32_tensor.keys.extend([0, 300])
    record.features["values"].float32_tensor.shape.append(301)
    (tensor,) = read_records(frame(record.SerializeToString()))
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
