"""MXNet's parameter files (`*.params`): named arrays, read without MXNet. PURE.

The layout is that of NDArray::Save in Apache MXNet 1.x (src/ndarray/ndarray.cc), all little-endian:

uint64  0x112, then uint64 0 (reserved)
uint64  number of arrays, then the arrays:
        uint32 magic; version 2 and 3: int32 storage type (0: dense)
        shape: uint32 number of dimensions, then int64 each; before version 1 the magic is the number, then uint32 each
        int32 device type, int32 device number, int32 element type, then the elements in C order
uint64  number of names (as many as arrays), then each: uint64 length, bytes
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FILE_MAGIC = 0x112
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_DENSE = 0
_ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    1: np.dtype("<f8"),
}  # mshadow's type flags; parameters of models are these two
_MAX_DIMENSIONS = 32  # numpy's own limit up to version 1; MXNet's operators stop far below
_MAX_ARRAYS = 10_000


class ParamsError(ValueError):
    """The bytes are no parameter file that can be read here; the message says why."""


def parse(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of `data` by name, without MXNet's prefix for their kind ("arg:"). Raises ParamsError."""
    reader = _Reader(data)
    if reader.take("<QQ") != (_FILE_MAGIC, 0):
        raise ParamsError("it does not begin like a file of MXNet parameters")
    arrays = [_array(reader) for _ in range(_count(reader, "arrays"))]
    names = [_name(reader) for _ in range(_count(reader, "names"))]
    if len(names) != len(arrays) or len(set(names)) != len(names):
        raise ParamsError(f"it holds {len(arrays)} arrays and {len(set(names))} different names")
    if not reader.at_end:
        raise ParamsError("bytes are left over behind the last name")
    return dict(zip(names, arrays, strict=True))


def _count(reader: _Reader, what: str) -> int:
    (count,) = reader.take("<Q")
    if count > _MAX_ARRAYS:
        raise ParamsError(f"it claims to hold {count} {what}")
    return int(count)


def _array(reader: _Reader) -> NDArray[Any]:
    (magic,) = reader.take("<I")
    if magic in (_V2, _V3):
        (storage,) = reader.take("<i")
        if storage != _DENSE:
            raise ParamsError(f"it holds an array of storage type {storage}; only dense arrays (0) are read")
    shape = _shape(reader, magic)
    reader.take("<ii")  # the device that it was on
    (flag,) = reader.take("<i")
    if flag not in _ELEMENT_TYPES:
        raise ParamsError(f"it holds an array of element type {flag}; only float32 (0) and float64 (1) are read")
    dtype = _ELEMENT_TYPES[flag]
    raw = reader.bytes(math.prod(shape) * dtype.itemsize)
    array: NDArray[Any] = np.frombuffer(raw, dtype)
    return array.reshape(shape)


def _shape(reader: _Reader, magic: int) -> tuple[int, ...]:
    legacy = magic not in (_V1, _V2, _V3)
    (count,) = (magic,) if legacy else reader.take("<I")
    if not 1 <= count <= _MAX_DIMENSIONS:
        raise ParamsError(f"it holds an array of {count} dimensions")
    shape = reader.take(f"<{count}{'I' if legacy else 'q'}")
    if min(shape) < 1:
        raise ParamsError(f"it holds an array of shape {shape}")
    return shape


def _name(reader: _Reader) -> str:
    (length,) = reader.take("<Q")
    try:
        name = bytes(reader.bytes(length)).decode("utf-8")
    except UnicodeDecodeError:
        raise ParamsError("one of its names is not text") from None
    return name.partition(":")[2] or name


class _Reader:
    """Takes bytes from the front; what is claimed to follow and does not is an error before it is allocated."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def bytes(self, count: int) -> memoryview:
        if count > len(self._data) - self._at:
            raise ParamsError(f"it ends {count - (len(self._data) - self._at)} bytes too early")
        self._at += count
        return memoryview(self._data)[self._at - count : self._at]

    def take(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))
