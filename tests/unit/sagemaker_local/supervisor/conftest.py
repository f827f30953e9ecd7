from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fakes.supervised import Stage

Run = Callable[[Callable[[Stage], Awaitable[None]]], None]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def on_stage(test: Callable[[Stage], Awaitable[None]]) -> None:
        async def main() -> None:
            stage = Stage(tmp_path)
            try:
                await test(stage)
            finally:
                await stage.close()

        asyncio.run(asyncio.wait_for(main(), 20))

    return on_stage
