from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sagemaker_local.store import Store
from tests.fakes.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(200.25)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    opened = Store(tmp_path / "data" / "sagemaker.db", clock)
    yield opened
    opened.close()
