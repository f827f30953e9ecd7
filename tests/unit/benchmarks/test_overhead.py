from __future__ import annotations

import pytest

from benchmarks.overhead import Run, Span


@pytest.mark.parametrize(
    ("waits", "outside_s"),
    [
        ((), 100.0),
        (((10, 30), (50, 90)), 40.0),
        (((50, 90), (10, 30)), 40.0),
        (((10, 30), (20, 40)), 70.0),  # an overlap counts once
        (((10, 40), (20, 30)), 70.0),
        (((-50, 10), (95, 200)), 85.0),  # what is outside the run is not its time
        (((-50, -10), (150, 200)), 100.0),
    ],
)
def test_outside_is_the_rest_of_the_run(waits: tuple[tuple[float, float], ...], outside_s: float) -> None:
    assert Run(Span(0, 100), tuple(Span(*wait) for wait in waits)).outside_s == outside_s
