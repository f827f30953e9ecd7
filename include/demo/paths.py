"""Where things lie in a checkout. Everything that these commands write is below `.sluice/`."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DAGS = PROJECT / "dags"
PLUGINS = PROJECT / "plugins"
STATE = PROJECT / ".sluice"
