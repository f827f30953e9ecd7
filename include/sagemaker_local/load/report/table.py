"""A load test as text for a terminal.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.sagemaker_local.load.document import LoadTest
from include.sagemaker_local.load.report.words import (
    Row,
    failure_rows,
    first_failure,
    headline_figures,
    percentile_rows,
    stage_rows,
    threshold_rows,
)


def table(test: LoadTest) -> str:
    """The figures, the stages, where the time went and what failed; about 90 columns, ends with a line break."""
    return "\n".join(_lines(test)) + "\n"


def _lines(test: LoadTest) -> Iterator[str]:
    yield f"{test.target['name']}: {test.ended_by}"
    yield ""
    yield "   ".join(
        f"{label.lower().removeprefix('latency ')} {figure} {unit}".rstrip()
        for label, figure, unit in headline_figures(test)
    )
    if len(test.stages) > 1:
        yield ""
        yield from _aligned(stage_rows(test), told=test.telling)
    if rows := percentile_rows(test):
        yield ""
        yield from _aligned([("latency in ms", *rows[0][1:]), *rows[1:]])
    if rows := failure_rows(test):
        yield ""
        yield from _aligned(rows)
        if first := first_failure(test):
            yield f"the first one got: {first}"
    if rows := threshold_rows(test):
        yield ""
        yield from _aligned(rows)
    for warning in test.warnings:
        yield ""
        yield f"WARNING: {warning}"


def _aligned(rows: Sequence[Row], told: int | None = None) -> Iterator[str]:
    """The first column to the left, all others to the right; the row that was told gets an arrow."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for position, row in enumerate(rows):
        first, *rest = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        arrow = "   <- the figures above" if told is not None and position == told + 1 else ""
        yield "  ".join([first, *rest]).rstrip() + arrow
