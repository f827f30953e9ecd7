"""The line that shows a load while it runs.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.report.axis import number_text


def live_line(progress: Progress, elapsed_s: float, failed: int) -> str:
    """What the last second was like, `elapsed_s` after the beginning; `failed` counts from there."""
    load = (
        f"{progress.users:>3} users" if progress.rate_per_s is None else f"{number_text(progress.rate_per_s)}/s wanted"
    )
    cells = [
        f"{elapsed_s:5.0f} s",
        load,
        f"{number_text(progress.per_second):>7}/s",
        f"{failed} failed",
    ]
    if progress.latency.count:
        cells += [
            f"p{percent} {number_text(progress.latency.percentile_us(percent) / 1000):>5} ms" for percent in (50, 95)
        ]
    if progress.waiting:
        cells.append(f"{progress.waiting} waiting")
    return "  ".join(cells)
