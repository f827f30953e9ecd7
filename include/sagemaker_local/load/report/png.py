"""The figures of a load test as one PNG image. Needs matplotlib, which nothing else here does (record 27)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.document import LoadTest
from include.sagemaker_local.load.report.figure import Figure, Ink, Line, Mark
from include.sagemaker_local.load.report.figures import figures_of
from include.sagemaker_local.load.report.words import headline_figures

_COLUMNS = 2
_FIGURE_INCHES = (7.0, 3.6)
_DOTS_PER_INCH = 130

# Those of the page in its light form.
_COLOURS = {
    Ink.THROUGHPUT: "#0a5cc2",
    Ink.WANTED: "#57606a",
    Ink.FAILED: "#c5221f",
    Ink.USERS: "#7440c4",
    Ink.LOW: "#0d7a6f",
    Ink.MIDDLE: "#9a5a00",
    Ink.HIGH: "#b3246b",
    Ink.EXTRA: "#57606a",
}
_DASHES = {Ink.WANTED: ":", Ink.MIDDLE: "--", Ink.HIGH: ":", Ink.EXTRA: "-."}
_SOFT = "#57606a"


def require_matplotlib() -> None:
    """Raises HostError when it is not installed; to be asked before a load, not after it."""
    if find_spec("matplotlib") is None:
        raise HostError("a PNG needs matplotlib: pip install matplotlib (an HTML report needs nothing)")


def write_png(test: LoadTest, path: Path) -> None:
    """Write the figures to `path`. Raises HostError when matplotlib is not installed, OSError from the file system."""
    require_matplotlib()
    from matplotlib.figure import Figure as Canvas  # it takes a second to load, and most load tests want no PNG

    figures = figures_of(test)
    rows = max(1, -(-len(figures) // _COLUMNS))
    width, height = _FIGURE_INCHES
    canvas = Canvas(figsize=(width * _COLUMNS, height * rows + 0.6))
    figures_text = "   ".join(
        f"{label.lower()} {figure} {unit}".rstrip() for label, figure, unit in headline_figures(test)
    )
    canvas.suptitle(f"{test.target['name']}: {test.ended_by}\n{figures_text}", fontsize=12, x=0.01, ha="left")
    canvas.set_layout_engine(
        "constrained", w_pad=0.12, h_pad=0.12
    )  # inches; as it comes, labels nearly touch their neighbours
    for position, figure in enumerate(figures):
        _draw(canvas.add_subplot(rows, _COLUMNS, position + 1), figure)
    canvas.savefig(path, format="png", dpi=_DOTS_PER_INCH)


def _draw(axes: Any, figure: Figure) -> None:
    from matplotlib.transforms import offset_copy

    marks_points = 14 if figure.marks else 0
    axes.set_title(figure.title, loc="left", fontsize=11, fontweight="bold", pad=26 + marks_points)
    for line in figure.lines:
        _draw_line(axes, line)
    for mark in figure.marks:
        _draw_mark(axes, figure, mark)
    _scale(axes, figure)
    # Between the title and what the marks say, which is right above the axes.
    above = offset_copy(axes.transAxes, axes.figure, y=2 + marks_points, units="points")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), bbox_transform=above, ncols=len(figure.lines), fontsize=9,
        frameon=False, borderaxespad=0, borderpad=0.2,
    )  # fmt: skip


def _draw_mark(axes: Any, figure: Figure, mark: Mark) -> None:
    left = figure.x.share(mark.at) < 0.5
    axes.axvline(mark.at, color=_SOFT, linestyle=":", linewidth=1)
    axes.annotate(
        mark.label,
        (mark.at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-2 if left else 2, 3),
        textcoords="offset points",
        ha="left" if left else "right",
        fontsize=9,
    )


def _draw_line(axes: Any, line: Line) -> None:
    xs = [x for x, _ in line.points]
    ys = [float("nan") if y is None else y for _, y in line.points]
    style = {"color": _COLOURS[line.ink], "linestyle": _DASHES.get(line.ink, "-"), "linewidth": 1.8}
    axes.plot(
        xs, ys, label=line.name, drawstyle="steps-post" if line.stepped else "default",
        marker="o" if line.dotted else None, markersize=5, **style,
    )  # fmt: skip
    if line.filled:
        axes.fill_between(xs, ys, step="post" if line.stepped else None, color=style["color"], alpha=0.14, linewidth=0)
    for (x, _), spread in zip(line.points, line.spreads, strict=False):
        if spread is not None:
            axes.vlines(x, *spread, color=style["color"], linewidth=1.4)


def _scale(axes: Any, figure: Figure) -> None:
    for axis, ours in ((axes.xaxis, figure.x), (axes.yaxis, figure.y)):
        if ours.log:
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
        axis.set_ticks([at for at, _ in ours.ticks], [text for _, text in ours.ticks])
        axis.set_ticks([], minor=True)
        axis.set_label_text(ours.label)
    axes.set_xlim(figure.x.lowest, figure.x.highest)
    axes.set_ylim(figure.y.lowest, figure.y.highest)
    axes.grid(axis="y", color="#e3e6ea")
    axes.set_axisbelow(True)
    axes.tick_params(colors=_SOFT, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
