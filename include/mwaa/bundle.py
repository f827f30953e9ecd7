"""The three things that an MWAA environment reads from its bucket, made of the project as it is.

The same files make the same bytes, whoever packs them: an environment takes a new `plugins.zip` only by restarting, so
a version of the object should be a version of the code.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

AIRFLOW = "3.3.1"
PYTHON = "3.12"
"""The newest release of MWAA that Sluice is tested with (`make test-mwaa`), and its Python."""
CONSTRAINTS = f"https://raw.githubusercontent.com/apache/airflow/constraints-{AIRFLOW}/constraints-{PYTHON}.txt"
"""MWAA User Guide, "Installing Python dependencies": a requirements.txt has to begin with such a line."""
REQUIREMENTS = f"""\
--constraint "{CONSTRAINTS}"
# Sluice's triggers wait through aiobotocore, which the provider itself does not ask for.
apache-airflow-providers-amazon[aiobotocore]
"""
LEFT_OUT = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache"})
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file knows
FILE_MODE = 0o100644 << 16  # a regular file that all may read: the workers run as another user than the one who packed


def write_bundle(project: Path, target: Path) -> None:
    """Write `plugins.zip`, `dags/` and `requirements.txt` into `target`; what was in it under these names goes."""
    target.mkdir(parents=True, exist_ok=True)
    write_plugins(project / "plugins", target / "plugins.zip")
    shutil.rmtree(target / "dags", ignore_errors=True)
    shutil.copytree(project / "dags", target / "dags", ignore=shutil.ignore_patterns(*LEFT_OUT, "*.pyc"))
    (target / "requirements.txt").write_text(REQUIREMENTS, encoding="utf-8")


def write_plugins(plugins: Path, archive: Path) -> None:
    """`plugins.zip`: what is in `plugins/`, at the top of the archive, as MWAA unpacks it into its plugins folder."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in _files(plugins):
            entry = zipfile.ZipInfo(path.relative_to(plugins).as_posix(), EPOCH)
            entry.external_attr = FILE_MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, path.read_bytes())


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and not LEFT_OUT & {*path.relative_to(folder).parts}:
            yield path
