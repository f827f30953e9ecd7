"""What becomes of a load test: a table, the document, a page, an image."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.document import LoadTest, to_bytes
from include.sagemaker_local.load.report.page import page
from include.sagemaker_local.load.report.png import require_matplotlib, write_png
from include.sagemaker_local.load.report.table import table

STANDARD_OUTPUT = "-"


def add_reports(parser: argparse._ActionsContainer) -> None:
    """Adds --html and --png."""
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with figures, one page")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write the figures as an image; needs matplotlib")


def check_reports(html: Path | None, png: Path | None, json: str | None = None) -> None:
    """Find out before the work what could not be written after it. Raises HostError."""
    if png is not None:
        require_matplotlib()
    document = None if json in (None, STANDARD_OUTPUT) else Path(str(json))
    for path in (document, html, png):
        if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
            raise HostError(f"{path} cannot be written: name a file in a directory that exists and is yours")


def write_results(test: LoadTest, html: Path | None, png: Path | None, json: str | None = None) -> None:
    """The table on standard output, or on standard error when the document goes there; then the files.

    Raises HostError when one cannot be written.
    """
    (sys.stderr if json == STANDARD_OUTPUT else sys.stdout).write(table(test))
    try:
        if json == STANDARD_OUTPUT:
            sys.stdout.write(to_bytes(test).decode("ascii") + "\n")
        elif json is not None:
            Path(json).write_bytes(to_bytes(test) + b"\n")
        if html is not None:
            html.write_text(page(test), encoding="utf-8")
        if png is not None:
            write_png(test, png)
    except OSError as error:
        raise HostError(f"the result cannot be written: {error}") from error
