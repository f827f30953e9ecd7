"""MXNet's parameter files: every version that is read, and what damaged or hostile ones end in."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.examples.abalone.linear_learner import params
from include.sagemaker_local.serving.mxnet_params import ParamsError, parse

VALUES = np.array([[1.5, -2.0, 3.25]], np.float32)
DEVICE_AND_TYPE = struct.pack("<iii", 2, 7, 0)  # a GPU, whose number is of no interest; float32
DATA = VALUES.tobytes()
V1 = struct.pack("<IIqq", 0xF993FAC8, 2, 1, 3) + DEVICE_AND_TYPE + DATA
V2 = struct.pack("<IiIqq", 0xF993FAC9, 0, 2, 1, 3) + DEVICE_AND_TYPE + DATA
V3 = struct.pack("<IiIqq", 0xF993FACA, 0, 2, 1, 3) + DEVICE_AND_TYPE + DATA
OLDEST = struct.pack("<III", 2, 1, 3) + DEVICE_AND_TYPE + DATA
GOOD = params({"arg:fc0_weight": VALUES, "fc0_bias": VALUES.T})


def file(*arrays: bytes, names: tuple[bytes, ...] = (b"arg:w",), count: int | None = None) -> bytes:
    listed = b"".join(struct.pack("<Q", len(name)) + name for name in names)
    start = struct.pack("<QQQ", 0x112, 0, len(arrays) if count is None else count)
    return start + b"".join(arrays) + struct.pack("<Q", len(names)) + listed


@pytest.mark.parametrize("array", [V1, V2, V3, OLDEST])
def test_dense_arrays_of_every_version_are_read(array: bytes) -> None:
    found = parse(file(array))
    assert list(found) == ["w"]
    assert found["w"].shape == (1, 3)
    assert found["w"].tolist() == VALUES.tolist()


def test_float64_is_read() -> None:
    array = struct.pack("<IiIq", 0xF993FAC9, 0, 1, 1) + struct.pack("<iii", 1, 0, 1) + struct.pack("<d", 0.1)
    assert parse(file(array))["w"].tolist() == [0.1]


def test_names_lose_the_kind_that_mxnet_puts_before_them() -> None:
    found = parse(GOOD)
    assert {name: array.shape for name, array in found.items()} == {"fc0_weight": (1, 3), "fc0_bias": (3, 1)}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ends 16 bytes too early"),
        (b"\x11" + GOOD[1:], "does not begin like"),
        (GOOD[:-1], "too early"),
        (GOOD + b"\0", "left over"),
        (file(V2, count=2), "too early|dimensions|shape"),
        (file(V2, count=1 << 60), "claims to hold"),
        (file(V2, names=(b"a", b"b")), "1 arrays and 2 different names"),
        (file(V2, V2, names=(b"a", b"a")), "2 arrays and 1 different names"),
        (file(V2, names=(b"\xff",)), "is not text"),
        (file(struct.pack("<Ii", 0xF993FAC9, 1)), "storage type 1"),
        (file(struct.pack("<IiI", 0xF993FAC9, 0, 0)), "0 dimensions"),
        (file(struct.pack("<IiI", 0xF993FAC9, 0, 1 << 31)), "dimensions"),
        (file(struct.pack("<IiIq", 0xF993FAC9, 0, 1, -4)), r"shape \(-4,\)"),
        (file(struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, 1 << 62, 1, 0, 0)), "too early"),
        (file(struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, 1, 1, 0, 2) + b"\0\0"), "element type 2"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        parse(data)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_is_an_error_or_other_values_but_nothing_else(at: int, damage: bytes) -> None:
    damaged = GOOD[:at] + damage + GOOD[at + len(damage) :]
    try:
        parse(damaged)
    except ParamsError:
        return
