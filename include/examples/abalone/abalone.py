"""Rows like those of UCI's abalone set, which AWS's notebooks use: sex, seven measurements, and the rings to predict.

They are drawn, not copied: nothing has to be downloaded, and the same seed gives the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MEASUREMENTS = (
    "length",
    "diameter",
    "height",
    "whole_weight",
    "shucked_weight",
    "viscera_weight",
    "shell_weight",
)
COLUMNS = ("sex", *MEASUREMENTS)
_SEED = 11


@dataclass(frozen=True, slots=True)
class Abalones:
    """`sex` is M, F or I; `measurements` is n x 7 in the order of MEASUREMENTS; `rings` is what a model predicts."""

    sex: list[str]
    measurements: NDArray[np.float64]
    rings: NDArray[np.float64]

    def rows(self) -> list[str]:
        """The rows as CSV, without the rings."""
        return [
            ",".join([sex, *map(str, values)]) for sex, values in zip(self.sex, self.measurements.tolist(), strict=True)
        ]


def draw(count: int) -> Abalones:
    """`count` abalones."""
    generator = np.random.default_rng(_SEED)
    sex = generator.choice(["M", "F", "I"], count)
    length = np.clip(generator.normal(0.55, 0.1, count) - 0.12 * (sex == "I"), 0.1, 0.8)
    weight = 7.0 * length**3 * generator.normal(1, 0.05, count)
    shares = (0.43, 0.22, 0.28)  # of the whole weight: meat, entrails, shell
    parts = [share * weight * generator.normal(1, 0.08, count) for share in shares]
    measurements = np.column_stack((length, 0.79 * length, 0.27 * length, weight, *parts)).round(4)
    rings = 3 + 9 * length + 14 * parts[2] - 1.0 * (sex == "I") + generator.normal(0, 0.5, count)
    return Abalones(sex.tolist(), measurements, rings.round())
