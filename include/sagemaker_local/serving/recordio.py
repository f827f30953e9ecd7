"""Requests and answers of AWS's built-in algorithms as `application/x-recordio-protobuf`. PURE.

RecordIO frames (MXNet's): uint32 0xced7230a, uint32 length, the record, zero bytes up to a multiple of 4. A record is a
protocol buffer, `Record` of AWS's guide ("Common Data Formats for Training"):

Record          map<string, Value> features = 1, label = 2; string uid = 3, metadata = 4, configuration = 5
Value           Float32Tensor = 2, Float64Tensor = 3, Int32Tensor = 7, Bytes = 9
...Tensor       repeated values = 1, uint64 keys = 2, uint64 shape = 3, all packed
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_MAGIC = 0xCED7230A
_FRAME = struct.Struct("<II")
_LENGTH_BITS = 29  # the upper three say which part of a divided record it is; nobody divides such small ones
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers
_FEATURES, _LABEL = 1, 2
_KEY, _VALUE = 1, 2  # of a map's entry
_FLOAT32, _FLOAT64, _INT32 = 2, 3, 7
_VALUES, _KEYS, _SHAPE = 1, 2, 3
_MAX_VARINT_BYTES = 10


@dataclass(frozen=True, slots=True)
class Tensor:
    """One row of features: dense without `keys`; otherwise `values[i]` is at `keys[i]` of `shape[0]` features."""

    values: Sequence[float]
    keys: Sequence[int] = ()
    shape: Sequence[int] = ()


def read_records(body: bytes) -> list[Tensor]:
    """The feature "values" of each record. Raises ValueError."""
    return [_features(record) for record in _frames(memoryview(body))]


def write_records(labels: Sequence[Mapping[str, Sequence[float]]]) -> bytes:
    """A record for each of `labels`, with its values as float32 tensors of the map `label`."""
    return b"".join(_frame(b"".join(_label(name, values) for name, values in label.items())) for label in labels)


def _frames(data: memoryview) -> Iterator[memoryview]:
    while data:
        if len(data) < _FRAME.size:
            raise ValueError("the last record has no header")
        magic, length = _FRAME.unpack_from(data)
        if magic != _MAGIC:
            raise ValueError("a record does not begin with RecordIO's magic number")
        if length >> _LENGTH_BITS:
            raise ValueError("divided records are not read")
        if length > len(data) - _FRAME.size:
            raise ValueError("the last record is cut off")
        yield data[_FRAME.size : _FRAME.size + length]
        data = data[_FRAME.size + _padded(length) :]


def _frame(record: bytes) -> bytes:
    return _FRAME.pack(_MAGIC, len(record)) + record.ljust(_padded(len(record)), b"\0")


def _padded(length: int) -> int:
    return -(-length // 4) * 4


def _features(record: memoryview) -> Tensor:
    for number, wire, content in _fields(record):
        if number == _FEATURES and wire == _BYTES:
            entry = {field: value for field, kind, value in _fields(content) if kind == _BYTES}
            if bytes(entry.get(_KEY, b"")) == b"values":
                return _value(entry.get(_VALUE, memoryview(b"")))
    raise ValueError('a record has no feature "values"')


def _value(value: memoryview) -> Tensor:
    for number, wire, content in _fields(value):
        if wire == _BYTES and number in (_FLOAT32, _FLOAT64, _INT32):
            return _tensor(number, content)
    raise ValueError('the feature "values" is no tensor of numbers')


def _tensor(kind: int, content: memoryview) -> Tensor:
    parts: dict[int, list[float]] = {_VALUES: [], _KEYS: [], _SHAPE: []}
    for number, wire, packed in _fields(content):
        if number not in parts or wire != _BYTES:
            raise ValueError("a tensor has a field that is not packed")
        parts[number] += _numbers(kind if number == _VALUES else _INT32, packed)
    return Tensor(parts[_VALUES], [int(key) for key in parts[_KEYS]], [int(size) for size in parts[_SHAPE]])


def _numbers(kind: int, packed: memoryview) -> list[float]:
    if kind == _INT32:
        return list(_varints(packed))
    dtype = np.dtype("<f4" if kind == _FLOAT32 else "<f8")
    if len(packed) % dtype.itemsize:
        raise ValueError("a tensor's values are cut off")
    return [float(value) for value in np.frombuffer(packed, dtype)]


def _varints(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value - (1 << 64) if value >> 63 else value


def _fields(message: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Number, wire type and content of each field; the content of a number is its own bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            _, end = _varint(message, at)
        elif wire in (_FIXED64, _FIXED32):
            end = at + (8 if wire == _FIXED64 else 4)
        elif wire == _BYTES:
            length, at = _varint(message, at)
            end = at + length
        else:
            raise ValueError(f"a record has a field of wire type {wire}")
        if end > len(message):
            raise ValueError("a record ends within a field")
        yield number, wire, message[at:end]
        at = end


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_MAX_VARINT_BYTES):
        if at + place >= len(data):
            raise ValueError("a record ends within a number")
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & (1 << 64) - 1, at + place + 1
    raise ValueError("a number of a record is too long")


def _label(name: str, values: Sequence[float]) -> bytes:
    tensor = _message(_VALUES, np.asarray(values, "<f4").tobytes())
    return _message(_LABEL, _message(_KEY, name.encode()) + _message(_VALUE, _message(_FLOAT32, tensor)))


def _message(number: int, content: bytes) -> bytes:
    return _encoded(number << 3 | _BYTES) + _encoded(len(content)) + content


def _encoded(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
