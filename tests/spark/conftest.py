"""Where Spark is. `make test-spark` has the environment made; otherwise nobody downloads 430 MB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.examples.abalone.train import SPARKML_IMAGE, Pipeline, build_spark
from include.sagemaker_local.serving.launch import LaunchError
from include.sagemaker_local.serving.spark_jvm import find_java
from tests.fakes.server_process import PROJECT

VARIABLE = "SLUICE_TEST_SPARK"


@pytest.fixture(scope="session")
def spark_python() -> str:
    """The interpreter of the Spark ML image's environment."""
    if not os.environ.get(VARIABLE):
        pytest.skip("PySpark (430 MB) is not downloaded for this: `make test-spark` does it, and needs Java 17")
    try:
        find_java(dict(os.environ))
    except LaunchError as error:
        pytest.skip(str(error))
    command = [sys.executable, "-m", "include.sagemaker_local", "prepare", SPARKML_IMAGE]
    return subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


@pytest.fixture(scope="session")
def abalone(spark_python: str, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The notebook pipeline, trained."""
    return build_spark(tmp_path_factory.mktemp("abalone"))


@pytest.fixture(scope="session")
def models(spark_python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tests/fakes/spark_models.py saves, a directory for each pipeline."""
    out = tmp_path_factory.mktemp("models")
    subprocess.run([spark_python, str(PROJECT / "tests" / "fakes" / "spark_models.py"), str(out)], check=True)
    return out
