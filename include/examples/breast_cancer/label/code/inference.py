"""Last container (scikit-learn): probabilities in, the name of the class and its probability out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def model_fn(model_dir: str) -> Any:
    return json.loads((Path(model_dir) / "classes.json").read_text())


def input_fn(body: str | bytes, content_type: str) -> list[float]:
    # The XGBoost container answers "text/csv; charset=utf-8": one probability for each row, all on one line.
    if content_type.split(";")[0].strip() != "text/csv":
        raise ValueError(f"label reads text/csv, not {content_type}")
    text = body.decode() if isinstance(body, bytes) else body
    return [float(number) for number in text.replace("\n", ",").split(",") if number]


def predict_fn(probabilities: list[float], model: Any) -> list[dict[str, Any]]:
    return [_named(probability, model) for probability in probabilities]


def output_fn(answers: list[dict[str, Any]], accept: str) -> tuple[str, str]:
    if accept != "application/json":
        raise ValueError(f"label writes application/json, not {accept}")
    return json.dumps(answers[0] if len(answers) == 1 else answers), accept


def _named(probability: float, model: Any) -> dict[str, Any]:
    """`probability` is that of the second class."""
    first, second = model["classes"]
    if probability >= model["threshold"]:
        return {"label": second, "probability": round(probability, 4)}
    return {"label": first, "probability": round(1 - probability, 4)}
