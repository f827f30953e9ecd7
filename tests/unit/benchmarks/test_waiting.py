from __future__ import annotations

import pytest

from benchmarks.waiting import Load, a_minute, memory_a_wait_mb


def test_a_wait_takes_what_many_take_above_one() -> None:
    one, many = Load(1, 250.0, 1.0, 2, 30.0), Load(101, 300.0, 3.0, 200, 30.0)
    assert memory_a_wait_mb(one, many) == pytest.approx(0.524288)
    assert a_minute(many.calls, many) == 400
    with pytest.raises(ValueError, match="two sizes"):
        memory_a_wait_mb(many, one)
