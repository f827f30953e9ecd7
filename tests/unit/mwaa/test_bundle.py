from __future__ import annotations

import os
import re
import sys
import zipfile
from pathlib import Path

from include.mwaa.bundle import AIRFLOW, PYTHON, REQUIREMENTS, write_bundle
from tests.conftest import PROJECT


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    write_bundle(PROJECT, tmp_path / "one")
    some_file = tmp_path / "copy" / "plugins" / "sluice" / "x.py"
    for folder in ("one", "two"):
        some_file.parent.mkdir(parents=True, exist_ok=True)
        some_file.write_text("x = 1\n")
        os.utime(some_file, (1_000_000_000, 1_000_000_000 + len(folder) * 86_400))
        (some_file.parent / "__pycache__").mkdir(exist_ok=True)
        (some_file.parent / "__pycache__" / f"x.{folder}.pyc").write_bytes(b"compiled")
        (tmp_path / "copy" / "dags").mkdir(exist_ok=True)
        some_file.chmod(0o600 if folder == "one" else 0o644)
        write_bundle(tmp_path / "copy", tmp_path / f"copied-{folder}")
    made = [(tmp_path / f"copied-{folder}" / "plugins.zip").read_bytes() for folder in ("one", "two")]
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "copied-one" / "plugins.zip") as zipped:
        assert zipped.namelist() == ["sluice/x.py"]


def test_plugins_are_at_the_top_and_only_one_file_is_run_as_a_plugin(tmp_path: Path) -> None:
    write_bundle(PROJECT, tmp_path)
    with zipfile.ZipFile(tmp_path / "plugins.zip") as zipped:
        names = zipped.namelist()
        ignored = zipped.read(".airflowignore").decode().splitlines()
    assert [name for name in names if "/" not in name] == [".airflowignore", "sluice_plugin.py"]
    assert [line for line in ignored if not line.startswith("#")] == ["sluice/"]
    assert not {name.split("/")[0].removesuffix(".py") for name in names} & sys.stdlib_module_names
    assert (tmp_path / "dags" / "pipelines" / "breast_cancer.yaml").exists()


def test_writing_again_leaves_nothing_of_before(tmp_path: Path) -> None:
    write_bundle(PROJECT, tmp_path)
    (tmp_path / "dags" / "gone.py").write_text("")
    write_bundle(PROJECT, tmp_path)
    assert not (tmp_path / "dags" / "gone.py").exists()


def test_what_is_tested_is_what_the_requirements_ask_for() -> None:
    pins = (PROJECT / "requirements-mwaa.txt").read_text()
    assert re.search(rf"^apache-airflow=={re.escape(AIRFLOW)}$", pins, re.MULTILINE)
    assert f"constraints-{AIRFLOW}/constraints-{PYTHON}.txt" in REQUIREMENTS
