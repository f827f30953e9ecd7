"""A Spark pipeline as a function from one row to one value, without a Spark job for each row.

What the pipeline does to a row is planned once for a schema. Where the plan is nothing but projections, as for feature
transformers and most models, it is compiled to a Java function from JSON to JSON, which takes a fraction of a
millisecond. Any other plan runs as a job for each request, which takes some hundred.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from include.sagemaker_local.serving.launch import LaunchError
from include.sagemaker_local.serving.spark_jvm import SparkJvm
from include.sagemaker_local.serving.sparkml_schema import RequestError, Schema, Struct

logger = logging.getLogger(__name__)

_MODEL = "sluice.model"  # the system property under which workers find the model that the front has loaded
_CATALYST = "org.apache.spark.sql.catalyst"
_CONFIGURATION = {
    "spark.app.name": "sparkml-serving",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.adaptive.enabled": "false",  # for jobs of a few rows it only adds stages
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    # Plans are made with no rows in them; these two would make "no rows" of the plan.
    "spark.sql.optimizer.excludedRules": (
        f"{_CATALYST}.optimizer.ConvertToLocalRelation,{_CATALYST}.optimizer.PropagateEmptyRelation"
    ),
}
# The Java classes of an output column's type that AWS's container reads for each type of the schema.
_OUTPUT_TYPES = {
    "boolean": {"boolean"},
    "byte": {"tinyint"},
    "short": {"smallint"},
    "int": {"int"},
    "long": {"bigint"},
    "float": {"double", "float"},
    "double": {"double", "float"},
    "string": {"string"},
}

Score = Callable[[Sequence[Sequence[Any]]], list[Any]]


def load_model(jvm: SparkJvm, directory: Path, scratch: Path, threads: int) -> str:
    """Start Spark in `jvm`, load the pipeline there for all workers, and say Spark's version. Raises LaunchError."""
    gateway = jvm.connect()
    try:
        builder = gateway.jvm.org.apache.spark.sql.SparkSession.builder().master(f"local[{threads}]")
        places = {"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": str(scratch / "warehouse")}
        for name, value in {**_CONFIGURATION, **places}.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        model = gateway.jvm.org.apache.spark.ml.PipelineModel.load(directory.as_uri())
        gateway.jvm.System.getProperties().put(_MODEL, model)
        return str(session.version())
    except _py4j_errors() as error:
        raise LaunchError(f"Spark cannot load the pipeline: {reason(error)}") from None
    finally:
        gateway.close()  # nothing of it is left open for the workers


class SparkPipeline:
    """The loaded pipeline, as one worker sees it."""

    def __init__(self, jvm: SparkJvm) -> None:
        self._gateway = jvm.connect()
        self._jvm = self._gateway.jvm
        self._sql = self._jvm.org.apache.spark.sql
        self._session = self._sql.SparkSession.builder().getOrCreate()
        self._jvm.org.apache.spark.sql.classic.SparkSession.setActiveSession(self._session)
        self._model = self._jvm.System.getProperties().get(_MODEL)
        self._strings = self._sql.Encoders.STRING()

    def scorer(self, schema: Schema) -> Score:
        """What rows become by the pipeline: a function from rows to the values of the output column.

        It raises RequestError for rows that the pipeline refuses; so does this, for a schema that does not go with it.
        """
        try:
            frame = self._planned(schema, [])
            function = self._compiled(frame)
        except _py4j_errors() as error:
            raise RequestError(reason(error)) from None
        if function is None:
            logger.warning("the pipeline is more than projections: each request runs as a Spark job")
            return lambda rows: _values(self._job(schema, rows), rows)
        return lambda rows: _values([_applied(function, row) for row in map(_encoded, rows)], rows)

    def _planned(self, schema: Schema, rows: Sequence[str]) -> Any:
        """From a column of JSON arrays to a column of JSON objects with the output as "v"."""
        functions, vectors = self._sql.functions, self._jvm.org.apache.spark.ml.functions
        frame = self._session.createDataset(self._jvm.java.util.ArrayList(), self._strings)
        if rows:
            listed = self._jvm.java.util.ArrayList()
            for row in rows:
                listed.add(row)
            frame = self._session.createDataset(listed, self._strings)
        fields = ", ".join(f"c{n} {column.spark_type}" for n, column in enumerate(schema.inputs))
        options = self._jvm.java.util.HashMap()
        options.put("mode", "FAILFAST")
        parsed = functions.from_json(functions.col("value"), self._sql.types.StructType.fromDDL(fields), options)
        frame = frame.select(self._columns(parsed.alias("row")))
        columns = [functions.col(f"row.c{n}") for n in range(len(schema.inputs))]
        for n, column in enumerate(schema.inputs):
            if column.struct is Struct.VECTOR:
                columns[n] = vectors.array_to_vector(columns[n])
            columns[n] = columns[n].alias(column.name)
        frame = self._model.transform(frame.select(self._columns(*columns)))
        output = functions.col(f"`{schema.output.name.replace('`', '``')}`")
        kind = frame.select(self._columns(output)).schema().apply(0).dataType()
        _check_output(schema, "vector" if kind.typeName() == "vector" else str(kind.catalogString()))
        if schema.output.struct is Struct.VECTOR:
            output = vectors.vector_to_array(output, "float64")
        keep_nulls = self._jvm.java.util.HashMap()
        keep_nulls.put("ignoreNullFields", "false")
        answer = functions.to_json(functions.struct(self._columns(output.alias("v"))), keep_nulls)
        return frame.select(self._columns(answer.alias("answer")))

    def _compiled(self, frame: Any) -> Any:
        """A Java function from JSON to JSON that does what the plan of `frame` does; None when that needs more."""
        projections, plan = [], frame.queryExecution().optimizedPlan()
        create = self._sql.catalyst.expressions.UnsafeProjection.create
        while plan.getClass().getSimpleName() == "Project":
            projections.append(self._initialized(create(plan.projectList(), plan.child().output())))
            plan = plan.child()
        if plan.getClass().getSimpleName() != "LocalRelation":
            return None
        encoder = self._sql.catalyst.encoders.ExpressionEncoder.apply(self._strings)
        function = encoder.createSerializer()
        for projection in reversed(projections):
            function = function.andThen(projection)
        defaults = (getattr(encoder, f"resolveAndBind$default${n}")() for n in (1, 2))
        return function.andThen(encoder.resolveAndBind(*defaults).createDeserializer())

    def _initialized(self, projection: Any) -> Any:
        """`projection` as a task begins with it, which random numbers need.

        By reflection, since Py4J takes one generated class for another: they all have the same name.
        """
        evaluator = self._jvm.java.lang.Class.forName(f"{_CATALYST}.expressions.ExpressionsEvaluator")
        kinds = self._array(self._jvm.java.lang.Class, self._jvm.java.lang.Integer.TYPE)
        evaluator.getMethod("initialize", kinds).invoke(projection, self._array(self._jvm.java.lang.Object, 0))
        return projection

    def _job(self, schema: Schema, rows: Sequence[Sequence[Any]]) -> list[str]:
        try:
            answers = self._planned(schema, [_encoded(row) for row in rows]).collectAsList()
            return [answers.get(n).getString(0) for n in range(answers.size())]
        except _py4j_errors() as error:
            raise RequestError(reason(error)) from None

    def _columns(self, *columns: Any) -> Any:
        return self._array(self._sql.Column, *columns)

    def _array(self, kind: Any, *elements: Any) -> Any:
        array = self._gateway.new_array(kind, len(elements))
        for n, element in enumerate(elements):
            array[n] = element
        return array


def _check_output(schema: Schema, kind: str) -> None:
    """Whether the output column, of Spark's type `kind`, is what the schema says."""
    wanted = _OUTPUT_TYPES[schema.output.type]
    if schema.output.struct is Struct.VECTOR:
        wanted = {"vector"}
    elif schema.output.struct is Struct.ARRAY:
        wanted = {f"array<{basic}>" for basic in wanted}
    if kind not in wanted:
        raise RequestError(
            f"the output column {schema.output.name!r} is of Spark's type {kind}, "
            f"which the schema's type {schema.output.type!r} and struct {schema.output.struct.value!r} do not describe"
        )


def _encoded(row: Sequence[Any]) -> str:
    return json.dumps({f"c{n}": value for n, value in enumerate(row)})


def _applied(function: Any, row: str) -> str:
    try:
        return str(function.apply(row))
    except _py4j_errors() as error:
        raise RequestError(reason(error)) from None


def _values(answers: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Any]:
    if len(answers) != len(rows):
        raise RequestError(f"the pipeline made {len(answers)} rows of {len(rows)}")
    return [json.loads(answer)["v"] for answer in answers]


def reason(error: Exception) -> str:
    """What is at the bottom of an exception of the Java machine."""
    cause = getattr(error, "java_exception", None)
    if cause is None:
        return str(error)
    while cause.getCause() is not None:
        cause = cause.getCause()
    return str(cause.getMessage() or cause.toString()).partition("\n")[0]  # the plan follows, which is of no help


def _py4j_errors() -> type[Exception]:
    """What the Java machine throws; that it is gone is another matter, which ends the worker."""
    from py4j.protocol import Py4JJavaError

    error: type[Exception] = Py4JJavaError
    return error
