"""Fit the featurizer, in the environment of the scikit-learn image: `fit_preprocessor.py DIR`, with `train.csv` in DIR.

Writes `preprocessor.joblib`, and `features.csv`: the same rows as the next container will get them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def main(directory: Path) -> None:
    """One-hot encode the first column, fill in and standardise the others, as AWS's notebook does it."""
    lines = (directory / "train.csv").read_text().splitlines()
    rows = np.array([line.split(",") for line in lines], dtype=object)
    preprocessor = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [*range(1, rows.shape[1])]),
            ("sex", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [0]),
        ]
    )
    features = preprocessor.fit_transform(rows)
    joblib.dump(preprocessor, directory / "preprocessor.joblib")
    np.savetxt(directory / "features.csv", features, delimiter=",")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
