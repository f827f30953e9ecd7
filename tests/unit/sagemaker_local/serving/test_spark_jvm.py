"""Finding Java, and how much memory it gets. The machine itself is tested with Spark (`make test-spark`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sagemaker_local.serving.launch import LaunchError
from include.sagemaker_local.serving.spark_jvm import find_java, heap_bytes

GIB = 1024**3


def java(directory: Path, says: str, status: int = 0) -> Path:
    program = directory / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {status}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("version", ['openjdk version "17.0.15" 2025-04-15', 'java version "21" 2023-09-19 LTS'])
def test_java_of_the_path_and_of_java_home(version: str, tmp_path: Path) -> None:
    program = java(tmp_path, version)
    assert find_java({"PATH": str(program.parent)}) == program
    assert find_java({"JAVA_HOME": str(tmp_path), "PATH": "/nowhere"}) == program


def test_no_java_is_refused_with_what_to_install(tmp_path: Path) -> None:
    stub = java(tmp_path, "The operation could not be completed. Unable to locate a Java Runtime.", 1)
    for variables in ({"PATH": str(tmp_path)}, {"PATH": str(stub.parent)}, {"JAVA_HOME": "/nowhere"}):
        with pytest.raises(LaunchError, match="apt-get install openjdk-17-jre-headless"):
            find_java(variables)


@pytest.mark.parametrize(("says", "version"), [('openjdk version "1.8.0_402"', 8), ('openjdk version "11.0.2"', 11)])
def test_an_older_java_is_refused(says: str, version: int, tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=f"bin/java is Java {version}"):
        find_java({"PATH": str(java(tmp_path, says).parent)})


@pytest.mark.parametrize(("memory", "heap"), [(4 * GIB, 2 * GIB), (GIB // 2, GIB // 2), (64 * GIB, 4 * GIB)])
def test_the_heap_is_half_of_the_instance_within_bounds(memory: int, heap: int) -> None:
    assert heap_bytes(memory) == heap
