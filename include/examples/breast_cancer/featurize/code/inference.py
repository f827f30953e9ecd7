"""First container (scikit-learn): a CSV row of measurements in, the same row standardised out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import joblib
import numpy as np


def model_fn(model_dir: str) -> Any:
    return joblib.load(Path(model_dir) / "scaler.joblib")


def input_fn(body: str | bytes, content_type: str) -> Any:
    # Clients send "text/csv", containers before this one might send "text/csv; charset=utf-8".
    if content_type.split(";")[0].strip() != "text/csv":
        raise ValueError(f"featurize reads text/csv, not {content_type}")
    text = body.decode() if isinstance(body, bytes) else body
    return np.loadtxt(io.StringIO(text), delimiter=",", ndmin=2)


def predict_fn(rows: Any, scaler: Any) -> Any:
    return scaler.transform(rows)


def output_fn(features: Any, accept: str) -> tuple[str, str]:
    # The next container reads CSV, so this one runs with SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT=text/csv.
    if accept != "text/csv":
        raise ValueError(f"featurize writes text/csv, not {accept}")
    out = io.StringIO()
    np.savetxt(out, features, delimiter=",", fmt="%.9g")
    return out.getvalue(), accept
