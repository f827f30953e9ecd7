from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.scaling_bench import ScalingBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ScalingBench]:
    made = ScalingBench(tmp_path / "store")
    yield made
    made.store.close()
