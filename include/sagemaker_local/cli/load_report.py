"""`load-report`: the table and the figures of a load test whose document was kept."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from include.sagemaker_local.cli.load_results import STANDARD_OUTPUT, add_reports, check_reports, write_results
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.document import NotALoadTest, read_document


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The document, and what to write."""
    parser.add_argument("document", metavar="FILE", help="what `load --json` or a job has written; - is standard input")
    add_reports(parser)


def load_report(options: argparse.Namespace) -> int:
    """Shows the load test of a result document: one of `load --json`, or of a recommendation job in S3."""
    check_reports(options.html, options.png)
    try:
        from_input = options.document == STANDARD_OUTPUT
        body = sys.stdin.buffer.read() if from_input else Path(options.document).read_bytes()
        test = read_document(body)
    except (OSError, NotALoadTest) as error:
        raise HostError(f"{options.document} is not the document of a load test: {error}") from error
    write_results(test, options.html, options.png)
    return 0
