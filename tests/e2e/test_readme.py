"""The README's command lines and its Python run as they are written; only the port is that of the test's server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.e2e.conftest import Aws

README = (PROJECT / "README.md").read_text()


def block(language: str) -> str:
    """The README's block that is marked as tested in this language."""
    found = re.search(rf"<!-- tested: {language} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found is not None, f"the README has no tested {language} block"
    return found.group(1)


def run(command: list[str], text: str, folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PATH": scripts + os.pathsep + os.environ["PATH"]}
    done = subprocess.run(command, input=text, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_command_lines_and_the_python_run_as_written(local_sagemaker: Aws, tmp_path: Path) -> None:
    def here(text: str) -> str:
        assert "http://127.0.0.1:4566" in text
        return text.replace("http://127.0.0.1:4566", local_sagemaker.url)

    said = run(["bash", "-eu"], here(block("shell")), tmp_path)
    assert '{"label": "benign"' in said
    assert '"InvokedProductionVariant": "AllTraffic"' in said
    said = run([sys.executable], here(block("python")), tmp_path)
    assert '{"label": "benign"' in said
    assert re.search(r"featurize=\d+,predict=\d+,label=\d+", said)
    same_shell = "".join(line for line in block("shell").splitlines(True) if line.startswith("export"))
    said = run(["bash", "-eu"], here(same_shell + block("load")), tmp_path)
    assert re.search(r"^throughput [1-9].* failed 0 %   users 2$", said, re.M)
    assert re.findall(r"^(featurize|predict|label) +\d", said, re.M) == ["featurize", "predict", "label"]
    assert "<svg" in (tmp_path / ".sluice" / "tumours.html").read_text()


def test_every_make_target_of_the_readme_is_there() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", README))
    assert named >= {"demo", "up", "test", "local", "install", "help"}
    assert named <= set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
