"""Draw the README's picture of a verdict: `python -m include.demo.picture EVIDENCE.json > docs/images/verdict.svg`."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from sluice.evidence.report import as_text, read_evidence

CHARACTER_PX = 8.4  # advance of a 14 px monospace character
LINE_PX = 20
MARGIN_PX = 24
INK, PAPER = "#e6edf3", "#0d1117"
COLOURS = {"pass": "#3fb950", "fail": "#f85149", "inconclusive": "#d29922"}


def svg(text: str) -> str:
    """The text as a terminal would show it, each line that ends in a verdict in that verdict's colour."""
    lines = text.splitlines()
    width = round(max(map(len, lines)) * CHARACTER_PX + 2 * MARGIN_PX)
    height = len(lines) * LINE_PX + 2 * MARGIN_PX
    rows = "\n".join(
        f'<text x="{MARGIN_PX}" y="{MARGIN_PX + LINE_PX * position}" fill="{_colour(line)}">{escape(line)}</text>'
        for position, line in enumerate(lines, start=1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        "<style>text { font: 14px ui-monospace, Menlo, Consolas, monospace; white-space: pre }</style>\n"
        f'<rect width="100%" height="100%" rx="10" fill="{PAPER}"/>\n{rows}\n</svg>'
    )


def _colour(line: str) -> str:
    words = line.lower().replace(":", " ").split()
    return next((colour for verdict, colour in COLOURS.items() if verdict in (words[-1:] + words[1:2])), INK)


if __name__ == "__main__":
    source = Path(sys.argv[1])
    print(svg(as_text(read_evidence(source.read_bytes(), str(source)))))
