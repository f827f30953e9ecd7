"""The featurizer of AWS's notebook "Inference Pipeline with Scikit-learn and Linear Learner"."""

from __future__ import annotations

import json
import os
from typing import Any

import joblib
import numpy as np


def model_fn(model_dir: str) -> Any:
    return joblib.load(os.path.join(model_dir, "preprocessor.joblib"))  # noqa: PTH118 - as AWS's handlers do it


def input_fn(body: Any, content_type: str) -> Any:
    """Rows of abalones without their rings."""
    if content_type != "text/csv":
        raise ValueError(f"{content_type} not supported by script!")
    text = body.decode() if isinstance(body, bytes) else body
    return np.array([line.split(",") for line in text.split("\n") if line], dtype=object)


def predict_fn(rows: Any, preprocessor: Any) -> Any:
    """Features, not predictions: this container comes before the model's."""
    return preprocessor.transform(rows)


def output_fn(features: Any, accept: str) -> tuple[str, str]:
    """Nobody sets Accept between containers, so it is JSON, in the form that AWS's algorithms read."""
    if accept == "application/json":
        instances = [{"features": row} for row in np.asarray(features).tolist()]
        return json.dumps({"instances": instances}), accept
    if accept == "text/csv":
        return "\n".join(",".join(map(str, row)) for row in np.asarray(features).tolist()), accept
    raise ValueError(f"{accept} accept type is not supported by this script.")
