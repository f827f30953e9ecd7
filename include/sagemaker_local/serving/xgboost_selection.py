"""SAGEMAKER_INFERENCE_OUTPUT of AWS's XGBoost container: what is said of each prediction, by the model's objective.

Names, values and encodings are those of the container's `algorithm_mode/serve_utils.py`; a key that means nothing for
the objective is NaN there, and here.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.sagemaker_local.serving.recordio import write_records

logger = logging.getLogger(__name__)

_OF_REGRESSION = frozenset({"predicted_score"})
_OF_CLASSES = frozenset({"predicted_label", "labels", "raw_score", "raw_scores"})
_OF_PROBABILITIES = _OF_CLASSES | {"probability", "probabilities"}
_KEYS: Mapping[str, frozenset[str]] = {
    "reg:squarederror": _OF_REGRESSION,
    "reg:logistic": _OF_REGRESSION,
    "reg:gamma": _OF_REGRESSION,
    "reg:tweedie": _OF_REGRESSION,
    "binary:logistic": _OF_PROBABILITIES,
    "binary:logitraw": _OF_CLASSES,
    "binary:hinge": _OF_CLASSES,
    "multi:softmax": _OF_CLASSES,
    "multi:softprob": _OF_PROBABILITIES,
}
# Above which a number means the second class; hinge and softmax predict the label itself.
_THRESHOLDS: Mapping[str, float] = {"binary:logistic": 0.5, "binary:logitraw": 0.0}
Selected = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """The keys that the variable names, in its order, and the objective of the model that they are taken of."""

    keys: tuple[str, ...]
    objective: str
    classes: int  # of a multiclass model

    @classmethod
    def of(cls, text: str, config: Mapping[str, Any]) -> Selection:
        """The variable's `text` for a booster with this `save_config()`."""
        learner = config["learner"]
        keys = tuple(text.replace(" ", "").lower().split(","))
        objective = str(learner["objective"]["name"])
        unfit = [key for key in keys if key not in _KEYS.get(objective, frozenset())]
        if unfit and objective in _KEYS:
            logger.warning(
                "SAGEMAKER_INFERENCE_OUTPUT names %s, which objective %s does not have: they are NaN; it has %s",
                ", ".join(unfit), objective, ", ".join(sorted(_KEYS[objective])),
            )  # fmt: skip
        return cls(keys, objective, int(learner["learner_model_param"]["num_class"]))

    def select(self, predictions: Sequence[Any]) -> list[Selected]:
        """What is said of each prediction: a number, or a list of one for each class. Raises ValueError."""
        if self.objective not in _KEYS:
            raise ValueError(f"Objective `{self.objective}` unsupported for selectable inference predictions.")
        return [{key: self._value(key, prediction) for key in self.keys} for prediction in predictions]

    def encode(self, selected: list[Selected], accept: str) -> bytes:
        """As JSON, JSON lines, RecordIO, or CSV, which has a line for each prediction and lists in quotes."""
        if accept == "application/json":
            return json.dumps({"predictions": selected}).encode()
        if accept == "application/jsonlines":
            return "".join(json.dumps(one) + "\n" for one in selected).encode()
        if accept == "application/x-recordio-protobuf":
            return write_records([{key: _values(value) for key, value in one.items()} for one in selected])
        return "\n".join(",".join(_cell(one[key]) for key in self.keys) for one in selected).encode()

    def _value(self, key: str, prediction: Any) -> Any:
        if key not in _KEYS[self.objective]:
            return math.nan
        return _VALUES[key](self, prediction)

    def _label(self, prediction: Any) -> Any:
        if isinstance(prediction, list):
            return prediction.index(max(prediction))
        threshold = _THRESHOLDS.get(self.objective)
        return prediction if threshold is None else int(prediction > threshold)

    def _labels(self, prediction: Any) -> Any:
        return [0, 1] if self.objective.startswith("binary:") else list(range(self.classes))

    def _score(self, prediction: Any) -> Any:
        return max(prediction) if isinstance(prediction, list) else prediction

    def _scores(self, prediction: Any) -> Any:
        return prediction if isinstance(prediction, list) else [1.0 - prediction, prediction]


_VALUES: Mapping[str, Callable[[Selection, Any], Any]] = {
    "predicted_label": Selection._label,
    "labels": Selection._labels,
    "probability": Selection._score,
    "probabilities": Selection._scores,
    "raw_score": Selection._score,
    "raw_scores": Selection._scores,
    "predicted_score": Selection._score,
}


def _cell(value: Any) -> str:
    return f'"{value}"' if isinstance(value, list) else str(value)


def _values(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]
