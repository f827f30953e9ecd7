"""Train AWS's two notebook pipelines: `python -m include.examples.abalone.train --out DIR`, `--spark` for the second.

Each model is trained in the environment of the image that will serve it. The first pipeline is scikit-learn and Linear
Learner, the second Spark ML and XGBoost; that one needs Java 17 and downloads PySpark (430 MB) once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from include.examples.abalone import linear_learner
from include.examples.abalone.abalone import Abalones, draw
from include.examples.breast_cancer.pack import pack

SKLEARN_IMAGE = "sagemaker-scikit-learn:1.4-2-cpu-py3"
LINEAR_LEARNER_IMAGE = "linear-learner:1"
SPARKML_IMAGE = "sagemaker-sparkml-serving:3.3"
XGBOOST_IMAGE = "sagemaker-xgboost:3.0-5"
_HERE = Path(__file__).resolve().parent
_PROJECT = _HERE.parents[2]
_TRAINED_ON, _HELD_OUT = 800, 40


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The model archives of the two containers, and rows that neither has seen, with the truth about them."""

    first: Path
    second: Path
    held_out: tuple[str, ...]  # CSV rows
    rings: tuple[float, ...]


def build_linear(out: Path) -> Pipeline:
    """scikit-learn + Linear Learner, written below `out`."""
    abalones = draw(_TRAINED_ON + _HELD_OUT)
    with _training_data(abalones) as directory:
        _fit(SKLEARN_IMAGE, "fit_preprocessor.py", directory)
        preprocessor = (directory / "preprocessor.joblib").read_bytes()
        features = np.loadtxt(directory / "features.csv", delimiter=",")
    code = (_HERE / "featurize" / "code" / "inference.py").read_bytes()
    model = linear_learner.regressor(features, abalones.rings[:_TRAINED_ON])
    first = pack({"preprocessor.joblib": preprocessor, "code/inference.py": code})
    return _written(out / "linear", first, linear_learner.artifact(model), abalones)


def build_spark(out: Path) -> Pipeline:
    """Spark ML + XGBoost, written below `out`."""
    abalones = draw(_TRAINED_ON + _HELD_OUT)
    with _training_data(abalones) as directory:
        _fit(SPARKML_IMAGE, "fit_spark.py", directory)
        _fit(XGBOOST_IMAGE, "fit_booster.py", directory)
        pipeline = directory / "pipeline"
        files = {str(path.relative_to(pipeline)): path.read_bytes() for path in pipeline.rglob("*") if path.is_file()}
        booster = (directory / "xgboost-model").read_bytes()
    return _written(out / "spark", pack(files), pack({"xgboost-model": booster}), abalones)


@contextmanager
def _training_data(abalones: Abalones) -> Iterator[Path]:
    """A directory with `train.csv` and `rings.csv`, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "train.csv").write_text("\n".join(abalones.rows()[:_TRAINED_ON]))
        np.savetxt(directory / "rings.csv", abalones.rings[:_TRAINED_ON])
        yield directory


def _fit(image: str, script: str, directory: Path) -> None:
    """Run a script with the interpreter of the image's environment, which is made the first time."""
    command = [sys.executable, "-m", "include.sagemaker_local", "prepare", image]
    python = subprocess.run(command, cwd=_PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    subprocess.run([python, str(_HERE / script), str(directory)], check=True)


def _written(out: Path, first: bytes, second: bytes, abalones: Abalones) -> Pipeline:
    out.mkdir(parents=True, exist_ok=True)
    (out / "first.tar.gz").write_bytes(first)
    (out / "second.tar.gz").write_bytes(second)
    rows, rings = abalones.rows()[_TRAINED_ON:], abalones.rings[_TRAINED_ON:].tolist()
    (out / "held-out.csv").write_text("\n".join(rows) + "\n")
    return Pipeline(out / "first.tar.gz", out / "second.tar.gz", tuple(rows), tuple(rings))


def main() -> None:
    """Build into the directory of the command line and print what was made."""
    parser = argparse.ArgumentParser(prog="python -m include.examples.abalone.train", description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="directory for the archives and the held-out rows")
    parser.add_argument("--spark", action="store_true", help="Spark ML and XGBoost instead")
    arguments = parser.parse_args()
    made = (build_spark if arguments.spark else build_linear)(arguments.out)
    print(f"{made.first}\n{made.second}")  # noqa: T201 - a command's answer to the person at the terminal


if __name__ == "__main__":
    main()
