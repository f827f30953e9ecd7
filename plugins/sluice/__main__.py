"""`python -m sluice`, with `plugins` on PYTHONPATH."""

from __future__ import annotations

import sys

from sluice.cli import run

if __name__ == "__main__":
    sys.exit(run())
