"""Which contract a container speaks, and the libraries that it needs for it."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from include.sagemaker_local.serving.contract import Contract
from include.sagemaker_local.serving.launch import Launch, LaunchError, ServingEnvironment

logger = logging.getLogger(__name__)

_MEBIBYTE = 1024 * 1024
# AWS's XGBoost container: 6 MB unless MAX_CONTENT_LENGTH says otherwise, and never more than 20 MB.
_ALGORITHM_BODY_BYTES = 6 * _MEBIBYTE
_ALGORITHM_BODY_BYTES_AT_MOST = 20 * _MEBIBYTE


@dataclass(frozen=True, slots=True)
class ServedFramework:
    """`load` makes the model ready in a worker; `max_body_bytes` is the framework container's own limit.

    `execution_parameters` is the JSON that answers GET /execution-parameters, for the containers that do.
    """

    load: Callable[[], Contract]
    max_body_bytes: int
    execution_parameters: bytes | None = None


Prepare = Callable[[Launch, ServingEnvironment], ServedFramework]


def prepare(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    """Import the libraries, once for all workers, and log which versions serve.

    Raises LaunchError when the environment asks for what is not served.
    """
    return _FRAMEWORKS[launch.framework](launch, environment)


def _sklearn(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    _log_version("scikit-learn", _version_of("sklearn"), launch.image_version)
    # Unpickling a model imports these in each worker otherwise, which takes most of a container's start.
    importlib.import_module("sklearn.pipeline")
    importlib.import_module("sklearn.preprocessing")
    return _script_mode(launch, environment)


def _xgboost(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    _log_version("XGBoost", _version_of("xgboost"), launch.image_version)
    return _xgboost_script_mode(launch, environment) if environment.program else _algorithm_mode(environment)


def _sparkml(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    from include.sagemaker_local.serving import sparkml

    jvm = sparkml.prepare(launch, environment)  # held by `load`, since it ends with its standard input
    parameters = sparkml.execution_parameters(environment)
    return ServedFramework(lambda: sparkml.load(jvm, environment), launch.max_body_bytes, parameters)


def _linear_learner(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    from include.sagemaker_local.serving import linear_learner

    return ServedFramework(lambda: linear_learner.load(environment), launch.max_body_bytes)


# By the name that runtime/images.py gives a framework; each imports its own libraries.
_FRAMEWORKS: Mapping[str, Prepare] = {
    "sklearn": _sklearn,
    "xgboost": _xgboost,
    "sparkml": _sparkml,
    "linear-learner": _linear_learner,
}


def _algorithm_mode(environment: ServingEnvironment) -> ServedFramework:
    from include.sagemaker_local.serving import xgboost_algorithm

    return ServedFramework(lambda: xgboost_algorithm.load(environment), _content_length(environment))


def _script_mode(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    from include.sagemaker_local.serving import script_mode

    return ServedFramework(lambda: script_mode.load(environment), launch.max_body_bytes)


def _xgboost_script_mode(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    from include.sagemaker_local.serving import script_mode
    from include.sagemaker_local.serving.xgboost_script_mode import XgboostDefaults

    return ServedFramework(lambda: script_mode.load(environment, XgboostDefaults()), launch.max_body_bytes)


def _content_length(environment: ServingEnvironment) -> int:
    text = environment.max_content_length or str(_ALGORITHM_BODY_BYTES)
    if not text.isdecimal():
        raise LaunchError(
            f"the container's environment sets MAX_CONTENT_LENGTH={text!r}; it has to be a number of bytes"
        )
    return min(int(text), _ALGORITHM_BODY_BYTES_AT_MOST)


def _version_of(module: str) -> str:
    return str(importlib.import_module(module).__version__)


def _log_version(name: str, serves: str, image: str) -> None:
    same = image.split("-")[0].split(".")[:2] == serves.split(".")[:2]
    if same or not image:
        logger.info("%s %s serves", name, serves)
    else:
        logger.warning(
            "%s %s serves, the image's tag names %s: models must be made by what serves", name, serves, image
        )
