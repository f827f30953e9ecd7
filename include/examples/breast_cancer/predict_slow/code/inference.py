"""Middle container (XGBoost, script mode): the same booster, made robust and slow.

It predicts many slightly jittered copies of a row and answers with the average. The answer hardly differs, the time
does: a candidate like this one is what the gate is there to stop.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

COPIES = int(os.environ.get("JITTERED_COPIES", "300000"))  # takes about 0.3 s a row on one core
JITTER = 0.01  # of a standard deviation: featurize has standardised the columns
SEED = 20  # the same row always gets the same answer


def model_fn(model_dir: str) -> Any:
    booster = xgboost.Booster()
    booster.load_model(bytearray((Path(model_dir) / "xgboost-model").read_bytes()))
    return booster


def input_fn(body: str | bytes, content_type: str) -> Any:
    if content_type.split(";")[0].strip() != "text/csv":
        raise ValueError(f"predict reads text/csv, not {content_type}")
    text = body.decode() if isinstance(body, bytes) else body
    return np.loadtxt(io.StringIO(text), delimiter=",", ndmin=2, dtype=np.float32)


def predict_fn(rows: Any, booster: Any) -> list[float]:
    noise = np.random.default_rng(SEED)
    return [float(np.mean(booster.inplace_predict(_jittered(row, noise)))) for row in rows]


def output_fn(probabilities: list[float], accept: str) -> tuple[str, str]:
    if accept != "text/csv":
        raise ValueError(f"predict writes text/csv, not {accept}")
    return ",".join(str(probability) for probability in probabilities), accept


def _jittered(row: Any, noise: Any) -> Any:
    return row + JITTER * noise.standard_normal((COPIES, len(row)), dtype=np.float32)
