"""Figures as SVG that a page holds inline: colours and fonts are the page's CSS variables.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape

from include.sagemaker_local.load.report.axis import Tick
from include.sagemaker_local.load.report.figure import Figure, Ink, Line, Mark

WIDTH = 640
_HEIGHT = 300
_LEFT, _RIGHT, _BOTTOM = 66, 18, 48
_LEGEND_LINE, _LEGEND_TOP = 20, 14

# Wider than the letters of any sans-serif at 12 px are on average, so that nothing touches.
_LETTER = 7.2
_SWATCH = 30

# The browser shows a point's title while the pointer rests on it; a hundred of them are as many as a
# pointer can find.
_MOST_TITLES = 120

DASHES = {
    Ink.WANTED: "2 4",
    Ink.MIDDLE: "7 4",
    Ink.HIGH: "2 3",
    Ink.EXTRA: "9 3 2 3",
}
"""Lines can be told apart without their colours. Those that are not named are drawn through."""


def svg(figure: Figure) -> str:
    """The figure as an `<svg>` element with a title and a description for screen readers."""
    return _Drawing(figure).element()


class _Drawing:
    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._legend, rows = _legend(figure.lines)
        self._top = _LEGEND_TOP + rows * _LEGEND_LINE + 8 + 16 * len(figure.marks)
        self._height = _HEIGHT + 16 * len(figure.marks)
        self._base = self._height - _BOTTOM

    def element(self) -> str:
        figure = self._figure
        parts = [*self._axes(), *self._marks(), *self._legend]
        for line in figure.lines:
            parts += self._line(line)
        return (
            f'<svg viewBox="0 0 {WIDTH} {self._height}" role="img" aria-labelledby="{figure.key}-t {figure.key}-d">'
            f'<title id="{figure.key}-t">{escape(figure.title)}</title>'
            f'<desc id="{figure.key}-d">{escape(figure.description)}</desc>{"".join(parts)}</svg>'
        )

    def _x(self, value: float) -> float:
        return round(_LEFT + self._figure.x.share(value) * (WIDTH - _LEFT - _RIGHT), 1)

    def _y(self, value: float) -> float:
        return round(self._base - self._figure.y.share(value) * (self._base - self._top), 1)

    def _axes(self) -> Iterator[str]:
        figure, right = self._figure, WIDTH - _RIGHT
        for value, text in figure.y.ticks:
            y = self._y(value)
            yield f'<path class="grid" d="M{_LEFT} {y}H{right}"/>'
            yield f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(text)}</text>'
        for value, text in _with_room(figure, self._x):
            x = self._x(value)
            yield f'<path class="tick" d="M{x} {self._base}v5"/>'
            yield f'<text x="{x}" y="{self._base + 19}" text-anchor="middle">{escape(text)}</text>'
        yield f'<path class="axis" d="M{_LEFT} {self._base}H{right}"/>'
        middle = (self._top + self._base) / 2
        yield f'<text class="name" x="{right}" y="{self._height - 8}" text-anchor="end">{escape(figure.x.label)}</text>'
        yield (
            f'<text class="name" x="14" y="{middle}" text-anchor="middle" '
            f'transform="rotate(-90 14 {middle})">{escape(figure.y.label)}</text>'
        )

    def _marks(self) -> Iterator[str]:
        for row, mark in enumerate(self._figure.marks):
            yield self._mark(mark, self._top - 16 * (len(self._figure.marks) - row) + 8)

    def _mark(self, mark: Mark, y: float) -> str:
        x = self._x(mark.at)
        fits_right = x + 6 + len(mark.label) * _LETTER < WIDTH
        place = f'x="{x + 6}"' if fits_right else f'x="{x - 6}" text-anchor="end"'
        return (
            f'<path class="mark" d="M{x} {y - 10}V{self._base}"/>'
            f'<text class="note" {place} y="{y}">{escape(mark.label)}</text>'
        )

    def _line(self, line: Line) -> Iterator[str]:
        dashes = f' stroke-dasharray="{DASHES[line.ink]}"' if line.ink in DASHES else ""
        for run in _runs(line):
            path = self._path(run, stepped=line.stepped)
            if line.filled:
                area = f"{path}V{self._base}H{self._x(run[0][0])}Z"
                yield f'<path class="area {line.ink}" d="{area}"/>'
            yield f'<path class="line {line.ink}"{dashes} d="{path}"/>'
        yield from self._points(line)

    def _path(self, run: list[tuple[float, float]], *, stepped: bool) -> str:
        first, *rest = [(self._x(x), self._y(y)) for x, y in run]
        join = "H{0}V{1}" if stepped else "L{0} {1}"
        return f"M{first[0]} {first[1]}" + "".join(join.format(x, y) for x, y in rest)

    def _points(self, line: Line) -> Iterator[str]:
        spreads = line.spreads or (None,) * len(line.points)
        every = max(1, len(line.points) // _MOST_TITLES)
        for position, ((x, y), spread) in enumerate(zip(line.points, spreads, strict=True)):
            if y is None or position % every:
                continue
            at = self._x(x)
            if spread is not None:
                low, high = self._y(spread[0]), self._y(spread[1])
                yield f'<path class="spread {line.ink}" d="M{at} {low}V{high}M{at - 4} {low}h8M{at - 4} {high}h8"/>'
            shape = "dot" if line.dotted else "hover"
            radius = 4 if line.dotted else 6
            yield f'<circle class="{shape} {line.ink}" cx="{at}" cy="{self._y(y)}" r="{radius}">'
            yield f"<title>{escape(_title(self._figure, line, position))}</title></circle>"


def _title(figure: Figure, line: Line, position: int) -> str:
    x, y = line.points[position]
    spread = line.spreads[position] if line.spreads else None
    around = f" ({spread[0]:,.4g} to {spread[1]:,.4g})" if spread else ""
    return f"{line.name}: {y:,.4g}{around} {figure.y.label}, {figure.x.label} {x:,.4g}"


def _legend(lines: Iterable[Line]) -> tuple[list[str], int]:
    """The elements and how many rows they take."""
    parts: list[str] = []
    x, row = float(_LEFT), 0
    for line in lines:
        width = _SWATCH + len(line.name) * _LETTER + 12
        if x + width > WIDTH and x > _LEFT:
            x, row = float(_LEFT), row + 1
        y = _LEGEND_TOP + row * _LEGEND_LINE
        dashes = f' stroke-dasharray="{DASHES[line.ink]}"' if line.ink in DASHES else ""
        parts.append(f'<path class="line {line.ink}"{dashes} d="M{x:.0f} {y - 4}h22"/>')
        parts.append(f'<text x="{x + _SWATCH - 2:.0f}" y="{y}">{escape(line.name)}</text>')
        x += width
    return parts, row + 1


def _runs(line: Line) -> Iterator[list[tuple[float, float]]]:
    """The parts of a line between its breaks."""
    run: list[tuple[float, float]] = []
    for x, y in line.points:
        if y is not None:
            run.append((x, y))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _with_room(figure: Figure, place: Callable[[float], float]) -> Iterator[Tick]:
    """Ticks of the x axis whose texts do not touch the one before."""
    free_from = 0.0
    for value, text in figure.x.ticks:
        half = len(text) * _LETTER / 2
        if place(value) - half >= free_from:
            yield value, text
            free_from = place(value) + half + 6
