"""Fit the Spark ML feature pipeline, in the environment of its image: `fit_spark.py DIR`, with `train.csv` in DIR.

Writes `pipeline/`, and `features.csv`: the same rows as the next container will get them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pyspark.ml import Pipeline
from pyspark.ml.feature import OneHotEncoder, StringIndexer, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import SparkSession


def main(directory: Path) -> None:
    """Index and one-hot encode the sex, and put it before the measurements."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    rows = [line.split(",") for line in (directory / "train.csv").read_text().splitlines()]
    names = ["sex", *(f"measurement_{n}" for n in range(1, len(rows[0])))]
    frame = spark.createDataFrame([(sex, *map(float, rest)) for sex, *rest in rows], names)
    stages = [
        StringIndexer(inputCol="sex", outputCol="sex_index"),
        OneHotEncoder(inputCol="sex_index", outputCol="sex_vector"),
        VectorAssembler(inputCols=["sex_vector", *names[1:]], outputCol="features"),
    ]
    pipeline = Pipeline(stages=stages).fit(frame)
    pipeline.write().overwrite().save(str(directory / "pipeline"))
    features = pipeline.transform(frame).select(vector_to_array("features").alias("features")).collect()
    np.savetxt(directory / "features.csv", np.array([row.features for row in features]), delimiter=",")
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
