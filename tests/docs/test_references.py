"""Every operator with its result, and every flag of the command line, stand in the docs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BASES = {
    "SluiceOperator",
    "PipelineOperator",
    "CandidateOperator",
    "FleetOperator",
    "BatchOperator",
    "WaitingOperator",
    "JobOperator",
    "ForkOperator",
}


def test_every_operator_is_in_the_table_and_no_other() -> None:
    sources = (PROJECT / "plugins" / "sluice" / "operators").glob("*.py")
    classes = {name for path in sources for name in re.findall(r"^class (\w+Operator)\b", path.read_text(), re.M)}
    table = re.findall(r"^\| `(\w+)` \|", (PROJECT / "docs" / "operators.md").read_text(), re.M)
    assert len(classes) > len(BASES)
    assert sorted(table) == sorted(classes - BASES)


def test_the_documented_results_are_those_of_the_docstrings() -> None:
    table = (PROJECT / "docs" / "operators.md").read_text()
    for path in (PROJECT / "plugins" / "sluice" / "operators").glob("*.py"):
        source = path.read_text()
        for name, docstring in re.findall(r'^class (\w+Operator)\b.*?\n    """(.*?)"""', source, re.M | re.S):
            stated = re.search(r"XCom: `\{(.*?)\}`", docstring, re.S)
            if name in BASES or stated is None:
                continue
            row = next(line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
            keys = re.findall(r'"(\w+)"', stated[1])
            assert re.findall(r"`(\w+)`", row.split("|")[3]) == keys, name


def test_the_example_builds_a_dag(tmp_path: Path) -> None:
    example = re.search(r"```python\n(.*?)```", (PROJECT / "docs" / "operators.md").read_text(), re.S)
    assert example is not None
    namespace = {"__file__": str(PROJECT / "dags" / "example.py")}
    exec(compile(example[1], "docs/operators.md", "exec"), namespace)  # noqa: S102 - the documentation's own example


@pytest.mark.parametrize("command", ["serve", "status", "reset", "doctor", "prepare"])
def test_every_flag_is_documented_for_its_command(command: str) -> None:
    asked = [sys.executable, "-m", "include.sagemaker_local", command, "--help"]
    said = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"(?<!\w)--[a-z-]+", said)) - {"--help"}
    rows = re.findall(r"^\| `(--[a-z-]+)` \| (.*?) \|", (PROJECT / "docs" / "local-sagemaker.md").read_text(), re.M)
    documented = {flag for flag, commands in rows if f"`{command}`" in commands}
    assert flags == documented
