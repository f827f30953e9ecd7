"""Fit the booster, in the environment of the XGBoost image: `fit_booster.py DIR`, after fit_spark.py.

Reads `features.csv` and `rings.csv`, writes `xgboost-model`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import xgboost

_BOOSTER = {"objective": "reg:squarederror", "max_depth": 4, "eta": 0.2, "seed": 7, "nthread": 1}


def main(directory: Path) -> None:
    """Train on what Spark has made of the rows."""
    features, rings = (np.loadtxt(directory / f"{name}.csv", delimiter=",") for name in ("features", "rings"))
    booster = xgboost.train(_BOOSTER, xgboost.DMatrix(features, rings), num_boost_round=60)
    (directory / "xgboost-model").write_bytes(bytes(booster.save_raw("ubj")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
