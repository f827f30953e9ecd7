"""Train the sample pipeline and pack it: `python -m include.examples.breast_cancer.train --out DIR`.

Each model is trained in the environment of the image that will serve it, so that both are of the same version. The data
is scikit-learn's bundled Wisconsin breast-cancer set, so nothing is downloaded for it. Training and packing are
deterministic: the same libraries make the same bytes, and names that come from content stay the same.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.examples.breast_cancer.pack import pack

# What the spec of the pipeline names, wherever its registry is.
SKLEARN_IMAGE = "sagemaker-scikit-learn:1.4-2-cpu-py3"
XGBOOST_IMAGE = "sagemaker-xgboost:3.0-5"
_HERE = Path(__file__).resolve().parent
_PROJECT = _HERE.parents[2]
_PAYLOADS = 8  # sample requests for load tests


@dataclass(frozen=True, slots=True)
class SamplePipeline:
    """Where the parts of the pipeline lie, and how good it is on rows that it was not trained on."""

    featurize: Path  # model.tar.gz of each container
    predict: Path
    predict_slow: Path
    label: Path
    payload: Path  # payload.tar.gz, one request body a file
    holdout: Path  # one held-out row as CSV
    holdout_class: Path  # its true class: {"label": ...}
    held_out_rows: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class _Trained:
    scaler: bytes
    booster: bytes
    held_out: dict[str, Any]  # as fit_booster.py writes it


def build(out: Path) -> SamplePipeline:
    """Train on three quarters of the data and write everything below `out`, which is made when missing."""
    trained = _train()
    held = trained.held_out
    bodies = [_csv(row) for row in held["rows"][1 : 1 + _PAYLOADS]]
    classes = _json({"classes": held["classes"], "threshold": held["threshold"]})
    return SamplePipeline(
        featurize=_model(out / "featurize", {"scaler.joblib": trained.scaler, **_code("featurize")}),
        predict=_model(out / "predict", {"xgboost-model": trained.booster}),
        predict_slow=_model(out / "predict-slow", {"xgboost-model": trained.booster, **_code("predict_slow")}),
        label=_model(out / "label", {"classes.json": classes, **_code("label")}),
        payload=_written(out / "payload.tar.gz", pack({f"row-{n}.csv": body for n, body in enumerate(bodies, 1)})),
        holdout=_written(out / "holdout.csv", _csv(held["rows"][0])),
        holdout_class=_written(out / "holdout.json", _json({"label": held["classes"][held["truth"][0]]})),
        held_out_rows=len(held["rows"]),
        accuracy=held["accuracy"],
    )


def _train() -> _Trained:
    sklearn, xgboost = _pythons(SKLEARN_IMAGE, XGBOOST_IMAGE)
    with tempfile.TemporaryDirectory() as directory:
        for python, script in ((sklearn, "fit_scaler.py"), (xgboost, "fit_booster.py")):
            subprocess.run([python, str(_HERE / script), directory], check=True)
        made = Path(directory)
        return _Trained(
            (made / "scaler.joblib").read_bytes(),
            (made / "xgboost-model").read_bytes(),
            json.loads((made / "held-out.json").read_text()),
        )


def _pythons(*images: str) -> list[str]:
    """The interpreters of the images' environments; the first time, they are made."""
    command = [sys.executable, "-m", "include.sagemaker_local", "prepare", *images]
    return subprocess.run(command, cwd=_PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def _model(directory: Path, files: dict[str, bytes]) -> Path:
    return _written(directory / "model.tar.gz", pack(files))


def _code(container: str) -> dict[str, bytes]:
    return {"code/inference.py": (_HERE / container / "code" / "inference.py").read_bytes()}


def _csv(row: Any) -> bytes:
    return (",".join(f"{value:g}" for value in row) + "\n").encode()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def main() -> None:
    """Build into the directory of the command line and print what was made."""
    parser = argparse.ArgumentParser(prog="python -m include.examples.breast_cancer.train", description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="directory for the archives and the held-out row")
    sample = build(parser.parse_args().out)
    print(_summary(sample))  # noqa: T201 - a command's answer to the person at the terminal


def _summary(sample: SamplePipeline) -> str:
    files = (sample.featurize, sample.predict, sample.predict_slow, sample.label, sample.payload, sample.holdout)
    return "\n".join(
        (
            f"accuracy on {sample.held_out_rows} held-out rows: {sample.accuracy:.1%}",
            *(f"{path.stat().st_size:>9,} bytes  {path}" for path in files),
            f"the held-out row is {json.loads(sample.holdout_class.read_text())['label']}",
        )
    )


if __name__ == "__main__":
    main()
