"""A load test as one HTML page that needs nothing from anywhere else.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from include.sagemaker_local.load.document import LoadTest
from include.sagemaker_local.load.report.figure import Figure
from include.sagemaker_local.load.report.figures import figures_of
from include.sagemaker_local.load.report.svg import svg
from include.sagemaker_local.load.report.words import (
    failure_rows,
    first_failure,
    headline_figures,
    percentile_rows,
    stage_rows,
    target_rows,
    threshold_rows,
)


def page(test: LoadTest) -> str:
    """The page as text, for a file with the encoding UTF-8."""
    name = str(test.target["name"])
    when = datetime.fromtimestamp(test.started_at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    parts = [
        f"<header><h1>{escape(name)}</h1><p>Load test of {when}, {test.ended_at_s - test.started_at_s:.0f} s: "
        f"{escape(test.ended_by)}.</p></header>",
        *(f'<p class="warning" role="note"><strong>Note.</strong> {escape(text)}</p>' for text in test.warnings),
        f'<dl class="cards">{"".join(_card(*card) for card in headline_figures(test))}</dl>',
        f'<div class="figures">{"".join(_figure(each) for each in figures_of(test))}</div>',
        *_tables(test),
        f"<footer>Made by sagemaker-local {escape(test.version)}. Latencies are in milliseconds, as the client saw "
        "them, from sending a request to the last byte of its answer.</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Load test of {escape(name)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>{chr(10).join(parts)}</main></body></html>\n"
    )


def _card(label: str, figure: str, unit: str) -> str:
    return f"<div><dt>{escape(label)}</dt><dd>{escape(figure)} <span>{escape(unit)}</span></dd></div>"


def _figure(figure: Figure) -> str:
    return f"<figure><figcaption>{escape(figure.title)}</figcaption>{svg(figure)}</figure>"


def _tables(test: LoadTest) -> Iterator[str]:
    yield _table("Stages", stage_rows(test), told=test.telling)
    if rows := percentile_rows(test):
        yield _table("Latency in ms", rows)
    if rows := failure_rows(test):
        yield _table("Failures", rows)
        if first := first_failure(test):
            yield f"<p>The first one got: <code>{escape(first)}</code></p>"
    if rows := threshold_rows(test):
        yield _table("Thresholds", rows)
    yield _table("What was tested", target_rows(test))


def _table(caption: str, rows: Sequence[Sequence[str]], told: int | None = None) -> str:
    """The first row is the head; `told` is the position of the row that the test's figures come from."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    body = "".join(_row(row, told=position == told) for position, row in enumerate(rows[1:]))
    return (
        f'<div class="table"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(cells: Iterable[str], *, told: bool) -> str:
    first, *rest = cells
    mark = ' class="told"' if told else ""
    return f'<tr{mark}><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'


# Every colour of a line has a contrast of 4.5 to 1 or more against both the paper and the card behind it.
_STYLE = (
    """
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1c2128;--soft:#57606a;--grid:#e3e6ea;--edge:#d5d9df;
--throughput:#0a5cc2;--wanted:#57606a;--failed:#c5221f;--users:#7440c4;--low:#0d7a6f;--middle:#9a5a00;--high:#b3246b;
--extra:#57606a;--warn:#fff4d6;--warn-edge:#d9a400}
@media(prefers-color-scheme:dark){:root{--paper:#0d1117;--card:#161b22;--ink:#e6edf3;--soft:#9aa4af;--grid:#262d36;
--edge:#30363d;--throughput:#58a6ff;--wanted:#9aa4af;--failed:#ff7b72;--users:#bc8cff;--low:#39c5bb;--middle:#e3b341;
--high:#ff7bc2;--extra:#9aa4af;--warn:#2d2510;--warn-edge:#9e7700}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:84rem;margin:0 auto;padding:2rem 1.25rem}h1{margin:0;font-size:1.6rem;overflow-wrap:anywhere}
header p{margin:.25rem 0 1.25rem;color:var(--soft)}
.warning{background:var(--warn);border-left:4px solid var(--warn-edge);padding:.6rem .9rem;margin:0 0 1rem}
.cards{display:flex;flex-wrap:wrap;gap:.75rem;margin:0 0 1.25rem}
.cards div,figure,.table{background:var(--card);border:1px solid var(--edge);border-radius:10px}
.cards div{flex:1 1 auto;white-space:nowrap;padding:.8rem 1rem}dt{color:var(--soft);font-size:.9rem}
dd{margin:0;font-size:1.6rem;font-weight:600;font-variant-numeric:tabular-nums}
dd span{font-size:.95rem;font-weight:400;color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(32rem,100%),1fr));gap:.75rem;align-items:start}
figure{margin:0;padding:.9rem 1rem}figcaption{font-weight:600;margin-bottom:.4rem}
svg{display:block;width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
svg .note{fill:var(--ink)}.grid{stroke:var(--grid)}.axis,.tick{stroke:var(--soft)}
.mark{stroke:var(--soft);stroke-dasharray:3 3}.line{fill:none;stroke-width:2;stroke-linejoin:round}
.area{stroke:none;opacity:.14}.spread{fill:none;stroke-width:1.5}.hover{fill:transparent!important;stroke:none!important}
"""
    + "".join(
        f".{ink}{{stroke:var(--{ink})}}.area.{ink},.dot.{ink}{{fill:var(--{ink})}}"
        for ink in ("throughput", "wanted", "failed", "users", "low", "middle", "high", "extra")
    )
    + """
.table{margin-top:.75rem;padding:.9rem 1rem;overflow-x:auto}table{border-collapse:collapse;width:100%}
caption{text-align:left;font-weight:600;margin-bottom:.3rem}
th,td{padding:.35rem .7rem;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--grid);font-variant-numeric:tabular-nums}
thead th{color:var(--soft);font-weight:500;font-size:.9rem}
th:first-child{text-align:left;font-weight:500;padding-left:.5rem}
tbody tr:last-child>*{border-bottom:0}.told>*{background:color-mix(in srgb,var(--throughput) 12%,transparent)}
code{overflow-wrap:anywhere}footer{color:var(--soft);font-size:.9rem;margin-top:1.25rem}
"""
)
