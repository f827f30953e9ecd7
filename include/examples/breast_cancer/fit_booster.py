"""Fit the sample's booster, in the environment of the XGBoost image: `fit_booster.py DIR`, after fit_scaler.py.

Writes `xgboost-model`, and `held-out.json`: rows that the model has not seen, their classes, and how often it is right.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import xgboost

_SEED = 7
_ROUNDS = 60
_BOOSTER = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.2, "seed": _SEED, "nthread": 1}
_THRESHOLD = 0.5


def main(out: Path) -> None:
    """Train on what fit_scaler.py has standardised."""
    with np.load(out / "rows.npz") as data:
        booster = xgboost.train(_BOOSTER, xgboost.DMatrix(data["rows"], data["truth"]), num_boost_round=_ROUNDS)
        right = (booster.predict(xgboost.DMatrix(data["held_standardised"])) >= _THRESHOLD) == data["held_truth"]
        held_out = {
            "rows": data["held_rows"].tolist(),
            "truth": data["held_truth"].tolist(),
            "classes": data["classes"].tolist(),
            "threshold": _THRESHOLD,
            "accuracy": float(np.mean(right)),
        }
    (out / "xgboost-model").write_bytes(bytes(booster.save_raw("ubj")))
    (out / "held-out.json").write_text(json.dumps(held_out))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
