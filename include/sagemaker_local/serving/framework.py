"""Which contract a container speaks, and the libraries that it needs for it."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
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
    """`load` makes the model ready in a worker; `max_body_bytes` is the framework container's own limit."""

    load: Callable[[], Contract]
    max_body_bytes: int


def prepare(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    """Import the libraries, once for all workers, and log which versions serve.

    Raises LaunchError when the environment asks for what is not served.
    """
    if launch.framework == "xgboost":
        _log_version("XGBoost", _version_of("xgboost"), launch.image_version)
    else:
        # Unpickling a model imports these in each worker otherwise, which takes most of a container's start.
        _log_version("scikit-learn", _version_of("sklearn"), launch.image_version)
        importlib.import_module("sklearn.pipeline")
        importlib.import_module("sklearn.preprocessing")
    if launch.framework == "xgboost" and environment.program is None:
        return _algorithm_mode(environment)
    return _script_mode(launch, environment)


def _algorithm_mode(environment: ServingEnvironment) -> ServedFramework:
    from include.sagemaker_local.serving import xgboost_algorithm

    if environment.inference_output is not None:
        raise LaunchError(
            "the container's environment sets SAGEMAKER_INFERENCE_OUTPUT; selected outputs of the XGBoost algorithm "
            "are not served here, remove the variable to get plain predictions"
        )
    return ServedFramework(lambda: xgboost_algorithm.load(environment), _content_length(environment))


def _script_mode(launch: Launch, environment: ServingEnvironment) -> ServedFramework:
    from include.sagemaker_local.serving import script_mode

    if (environment.model_dir / "code" / "requirements.txt").exists():
        logger.warning("code/requirements.txt is not installed here: the packages of this Python environment serve")
    return ServedFramework(lambda: script_mode.load(environment), launch.max_body_bytes)


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
