"""Requests of AWS's built-in algorithms as RecordIO, made by Google's protocol buffers and not by our own reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

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


def sparse(keys: Sequence[int], values: Sequence[float], width: int) -> Any:
    """A record with these values at these of `width` features."""
    record = dense(list(values))
    tensor = record.features["values"].float32_tensor
    tensor.keys.extend(keys)
    tensor.shape.append(width)
    return record


def framed(*records: Any) -> bytes:
    """The body of a request with these records."""
    return b"".join(frame(record.SerializeToString()) for record in records)
