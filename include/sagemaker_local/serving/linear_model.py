"""The linear function of a Linear Learner model and what it makes of rows. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


class PredictorType(StrEnum):
    """What the model predicts: the hyperparameter predictor_type."""

    REGRESSOR = "regressor"
    BINARY = "binary_classifier"
    MULTICLASS = "multiclass_classifier"


class Link(StrEnum):
    """What makes scores of the linear function's values."""

    IDENTITY = "identity"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


@dataclass(frozen=True, slots=True)
class LinearModel:
    """`weight` is features x outputs, `bias` has a value for each output; only multiclass models have more than one."""

    predictor: PredictorType
    link: Link
    threshold: float  # of a binary classifier's score
    weight: Matrix
    bias: Matrix

    @property
    def features(self) -> int:
        """How many features a row has to have."""
        return int(self.weight.shape[0])

    def scores(self, rows: Matrix) -> Matrix:
        """The scores of `rows` (n x features), n x outputs, in float32 as the algorithm computes them."""
        values: Matrix = rows @ self.weight + self.bias
        if self.link is Link.SIGMOID:
            with np.errstate(over="ignore"):  # exp of a large number is infinite, and the score then 0
                return np.asarray(1 / (1 + np.exp(-values)), np.float32)
        if self.link is Link.SOFTMAX:
            exponents = np.exp(values - values.max(axis=1, keepdims=True))
            return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float32)
        return values

    def labels(self, scores: Matrix) -> NDArray[np.int64] | None:
        """The predicted labels; None for a regressor. A binary score at the threshold is a 1 (AWS does not say)."""
        if self.predictor is PredictorType.REGRESSOR:
            return None
        if self.predictor is PredictorType.BINARY:
            return np.asarray(scores[:, 0] >= self.threshold, np.int64)
        return np.asarray(scores.argmax(axis=1), np.int64)
