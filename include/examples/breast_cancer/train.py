"""Train the sample pipeline and pack it: `python -m include.examples.breast_cancer.train --out DIR`.

The data is scikit-learn's bundled Wisconsin breast-cancer set, so nothing is downloaded. Training and packing are
deterministic: the same libraries make the same bytes, and names that come from content stay the same.
"""

from __future__ import annotations

import argparse
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from include.examples.breast_cancer.pack import pack

_HERE = Path(__file__).resolve().parent
_SEED = 7
_HELD_OUT = 0.25
_ROUNDS = 60
_BOOSTER = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.2, "seed": _SEED, "nthread": 1}
_THRESHOLD = 0.5
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
    scaler: StandardScaler
    booster: Any
    classes: list[str]
    rows: Any  # held out
    truth: Any

    def accuracy(self) -> float:
        features = xgboost.DMatrix(self.scaler.transform(self.rows))
        return float(np.mean((self.booster.predict(features) >= _THRESHOLD) == self.truth))


def build(out: Path) -> SamplePipeline:
    """Train on three quarters of the data and write everything below `out`, which is made when missing."""
    trained = _train()
    booster = bytes(trained.booster.save_raw("ubj"))
    bodies = [_csv(row) for row in trained.rows[1 : 1 + _PAYLOADS]]
    classes = _json({"classes": trained.classes, "threshold": _THRESHOLD})
    return SamplePipeline(
        featurize=_model(out / "featurize", {"scaler.joblib": _pickled(trained.scaler), **_code("featurize")}),
        predict=_model(out / "predict", {"xgboost-model": booster}),
        predict_slow=_model(out / "predict-slow", {"xgboost-model": booster, **_code("predict_slow")}),
        label=_model(out / "label", {"classes.json": classes, **_code("label")}),
        payload=_written(out / "payload.tar.gz", pack({f"row-{n}.csv": body for n, body in enumerate(bodies, 1)})),
        holdout=_written(out / "holdout.csv", _csv(trained.rows[0])),
        holdout_class=_written(out / "holdout.json", _json({"label": trained.classes[trained.truth[0]]})),
        held_out_rows=len(trained.rows),
        accuracy=trained.accuracy(),
    )


def _train() -> _Trained:
    data = load_breast_cancer()
    rows, held_rows, truth, held_truth = train_test_split(
        data.data, data.target, test_size=_HELD_OUT, random_state=_SEED, stratify=data.target
    )
    scaler = StandardScaler().fit(rows)
    booster = xgboost.train(_BOOSTER, xgboost.DMatrix(scaler.transform(rows), truth), num_boost_round=_ROUNDS)
    return _Trained(scaler, booster, [str(name) for name in data.target_names], held_rows, held_truth)


def _model(directory: Path, files: dict[str, bytes]) -> Path:
    return _written(directory / "model.tar.gz", pack(files))


def _code(container: str) -> dict[str, bytes]:
    return {"code/inference.py": (_HERE / container / "code" / "inference.py").read_bytes()}


def _pickled(model: Any) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    return buffer.getvalue()


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
