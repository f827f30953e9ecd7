"""Fit the sample's scaler, in the environment of the scikit-learn image: `fit_scaler.py DIR` writes into DIR.

`scaler.joblib` is the model; `rows.npz` holds the rows for the booster, and the held-out ones as they were.
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

_SEED = 7
_HELD_OUT = 0.25


def main(out: Path) -> None:
    """Train on three quarters of scikit-learn's bundled Wisconsin breast-cancer set."""
    data = load_breast_cancer()
    rows, held_rows, truth, held_truth = train_test_split(
        data.data, data.target, test_size=_HELD_OUT, random_state=_SEED, stratify=data.target
    )
    scaler = StandardScaler().fit(rows)
    joblib.dump(scaler, out / "scaler.joblib")
    np.savez(
        out / "rows.npz",
        rows=scaler.transform(rows),
        truth=truth,
        held_rows=held_rows,
        held_standardised=scaler.transform(held_rows),
        held_truth=held_truth,
        classes=np.array([str(name) for name in data.target_names]),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
