"""`python -m include.mwaa`: write what goes into the bucket of an MWAA environment, and say where it is."""

from __future__ import annotations

import sys
from pathlib import Path

from include.mwaa.bundle import AIRFLOW, write_bundle

PROJECT = Path(__file__).resolve().parents[2]
TARGET = PROJECT / ".sluice" / "mwaa"


def main() -> None:
    """Write the bundle."""
    write_bundle(PROJECT, TARGET)
    sys.stdout.write(
        f"{TARGET}/plugins.zip, dags/ and requirements.txt for Airflow {AIRFLOW} on MWAA; docs/mwaa.md says where to\n"
    )


if __name__ == "__main__":
    main()
