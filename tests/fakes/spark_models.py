"""Saves Spark pipelines for tests, in an environment that has PySpark: `spark_models.py DIR`."""

from __future__ import annotations

import sys

from pyspark.ml import Pipeline
from pyspark.ml.feature import MinMaxScaler, SQLTransformer, StringIndexer, Tokenizer
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession


def main(out: str) -> None:
    local = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    builder = SparkSession.builder.master("local[1]")
    for name, value in local.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    letters = spark.createDataFrame([("a",), ("b",), ("a",)], ["letter"])
    vectors = spark.createDataFrame([(Vectors.dense(0.0, 10.0),), (Vectors.dense(10.0, 0.0),)], ["values"])
    stages = {
        # Rows that it does not know are dropped: a filter in the plan, so no function can be made of it.
        "skips": (StringIndexer(inputCol="letter", outputCol="index", handleInvalid="skip"), letters),
        "words": (Tokenizer(inputCol="letter", outputCol="words"), letters),
        "scaled": (MinMaxScaler(inputCol="values", outputCol="scaled"), vectors),
        "random": (SQLTransformer(statement="SELECT *, rand(1) AS r, CAST(NULL AS INT) AS n FROM __THIS__"), letters),
    }
    for name, (stage, frame) in stages.items():
        Pipeline(stages=[stage]).fit(frame).save(f"{out}/{name}")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
