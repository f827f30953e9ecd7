"""The Spark ML serving container: a pipeline saved by PySpark 4 behind the contract of AWS's container.

AWS's container runs MLeap bundles; here the pipeline itself runs, in a Java machine of the container's own.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from pathlib import Path

from include.sagemaker_local.http1.messages import Headers, Response
from include.sagemaker_local.serving import spark_jvm, sparkml_request, sparkml_response, sparkml_schema
from include.sagemaker_local.serving.contract import header_text, text_response
from include.sagemaker_local.serving.launch import Launch, LaunchError, ServingEnvironment
from include.sagemaker_local.serving.spark_jvm import SparkJvm
from include.sagemaker_local.serving.spark_scorer import Score, SparkPipeline, load_model
from include.sagemaker_local.serving.sparkml_schema import RequestError, Schema

logger = logging.getLogger(__name__)

_MAX_SCHEMAS = 16  # of requests; each holds a compiled plan


def prepare(launch: Launch, environment: ServingEnvironment) -> SparkJvm:
    """Start the Java machine and load the pipeline in it. Raises LaunchError."""
    directory = model_directory(environment.model_dir)
    scratch = environment.model_dir.parent / "spark"
    jvm = spark_jvm.start(scratch, launch.confinement.memory_bytes)
    version = load_model(jvm, directory, scratch, environment.workers)
    logger.info("Spark %s serves %s", version, directory)
    return jvm


def execution_parameters(environment: ServingEnvironment) -> bytes:
    """What AWS's container answers to GET /execution-parameters."""
    parameters = {
        "MaxConcurrentTransforms": environment.workers,
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": 5,
    }
    return json.dumps(parameters).encode()


def model_directory(model_dir: Path) -> Path:
    """Where the saved pipeline is: at the top of the archive, or in its only directory. Raises LaunchError."""
    for directory in (model_dir, *_only_directory(model_dir)):
        if (directory / "metadata").is_dir() and (directory / "stages").is_dir():
            return directory
        if (directory / "bundle.json").exists():
            raise LaunchError(
                "the model archive holds an MLeap bundle (bundle.json), which AWS's container runs; here the pipeline "
                "itself is served: save it with PySpark 4, model.write().overwrite().save(DIR), and pack the content "
                "of DIR (tar -czf model.tar.gz -C DIR .)"
            )
    raise LaunchError(
        "the model archive holds no pipeline as PySpark 4 saves it: metadata/ and stages/ at the top, or in its only "
        "directory (tar -czf model.tar.gz -C DIR .)"
    )


def load(jvm: SparkJvm, environment: ServingEnvironment) -> SparkML:
    """A worker's own connection to the machine, with the default schema compiled."""
    return SparkML(SparkPipeline(jvm), environment.spark_schema, environment.default_accept)


class SparkML:
    """A pipeline behind POST /invocations."""

    def __init__(self, pipeline: SparkPipeline, schema: str | None, default_accept: str | None) -> None:
        self._pipeline = pipeline
        self._schema = schema
        self._default_accept = default_accept
        self._scores: OrderedDict[Schema, Score] = OrderedDict()
        if schema is not None:
            self._compile_early()

    def invoke(self, headers: Headers, body: bytes) -> Response:
        """204 for an empty body, 415 for a content type that is not read, 400 with the reason for all else."""
        if not body:
            return Response(204)
        content_type = header_text(headers, b"content-type")
        try:
            accept = sparkml_response.accepted(header_text(headers, b"accept"), self._default_accept)
            request = sparkml_request.read(body, content_type, self._default_schema)
            values = self._score(request.schema)(request.rows)
            struct = request.schema.output.struct
            text, kind = sparkml_response.encode(values, struct, accept, listed=request.listed)
        except sparkml_request.UnsupportedTypeError:
            return text_response(415, f"Content type '{content_type}' not supported")
        except RequestError as error:
            logger.error("Error in processing current request: %s", error)
            return text_response(400, str(error))
        return Response(200, [(b"content-type", kind.encode())], text.encode("utf-8", "replace"))

    def _score(self, schema: Schema) -> Score:
        score = self._scores.pop(schema, None) or self._pipeline.scorer(schema)
        self._scores[schema] = score
        if len(self._scores) > _MAX_SCHEMAS:
            self._scores.popitem(last=False)
        return score

    def _default_schema(self) -> Schema:
        if self._schema is None:
            raise RequestError("Input schema has to be provided either via environment variable or via the request")
        try:
            return sparkml_schema.parse(json.loads(self._schema))
        except ValueError as error:
            raise RequestError(f"SAGEMAKER_SPARKML_SCHEMA cannot be used: {error}") from None

    def _compile_early(self) -> None:
        """So that the first request need not wait. A schema that cannot be used fails requests, as on AWS."""
        try:
            self._score(self._default_schema())
        except RequestError as error:
            logger.error("%s", error)


def _only_directory(model_dir: Path) -> list[Path]:
    directories = [path for path in model_dir.iterdir() if path.is_dir()]
    return directories if len(directories) == 1 else []
