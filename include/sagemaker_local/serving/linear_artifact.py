"""The artifact of the Linear Learner algorithm.

What the algorithm writes is `model_algo-1`, a zip archive of an MXNet module: `mx-mod-symbol.json` (the graph),
`mx-mod-0000.params` (the weights), `additional-params.json` (predictor type, loss, threshold) and `manifest.json`.
AWS's guide loads the same files from the archive's top, so both are read. The normalisation of training is already in
the weights: the graph takes the features as they are.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.sagemaker_local.serving import mxnet_params
from include.sagemaker_local.serving.linear_model import LinearModel, Link, Matrix, PredictorType

_ARCHIVE = "model_algo-1"
_SYMBOL, _PARAMS, _ADDITIONAL = "mx-mod-symbol.json", "mx-mod-0000.params", "additional-params.json"
_WEIGHT, _BIAS = "fc0_weight", "fc0_bias"
# 1,000,000 classes are the algorithm's limit; a model of that size has a few hundred features at most.
_MAX_FILE_BYTES = 2 * 1024**3


# The operators at the end of the graph. A hinge loss has a score that is no probability (AWS's guide, Linear Learner).
_LINKS_BY_OPERATOR = {
    "LinearRegressionOutput": Link.IDENTITY,
    "MAERegressionOutput": Link.IDENTITY,
    "LogisticRegressionOutput": Link.SIGMOID,
    "SoftmaxOutput": Link.SOFTMAX,
}
# The other losses end in operators of their own; their names are those of the hyperparameter `loss`.
_LINKS_BY_LOSS = {
    "logistic": Link.SIGMOID,
    "softmax_loss": Link.SOFTMAX,
    "hinge_loss": Link.IDENTITY,
    "squared_loss": Link.IDENTITY,
    "absolute_loss": Link.IDENTITY,
    "eps_insensitive_squared_loss": Link.IDENTITY,
    "eps_insensitive_absolute_loss": Link.IDENTITY,
    "quantile_loss": Link.IDENTITY,
    "huber_loss": Link.IDENTITY,
}


class LinearModelError(Exception):
    """The artifact cannot be served; the message says what is wrong with it."""


def load(model_dir: Path) -> LinearModel:
    """Read the artifact that was unpacked to `model_dir`. Raises LinearModelError."""
    files = _files(model_dir)
    try:
        additional = _json(files, _ADDITIONAL)
        symbol = _json(files, _SYMBOL)
        arrays = mxnet_params.parse(files[_PARAMS])
        return _model(additional, symbol, arrays)
    except mxnet_params.ParamsError as error:
        raise LinearModelError(f"{_PARAMS} cannot be read: {error}") from None


def _files(model_dir: Path) -> Mapping[str, bytes]:
    archive = model_dir / _ARCHIVE
    try:
        if archive.is_file():
            with zipfile.ZipFile(archive) as packed:
                return {name: _unpacked(packed, name) for name in (_SYMBOL, _PARAMS, _ADDITIONAL)}
        return {name: (model_dir / name).read_bytes() for name in (_SYMBOL, _PARAMS, _ADDITIONAL)}
    except zipfile.BadZipFile as error:
        raise LinearModelError(f"{_ARCHIVE} is not the zip archive that Linear Learner writes: {error}") from None
    except (KeyError, FileNotFoundError) as error:
        raise LinearModelError(
            f"the model archive has to hold what Linear Learner writes: {_ARCHIVE} with {_SYMBOL}, {_PARAMS} and "
            f"{_ADDITIONAL}; missing is {_missing(error)}"
        ) from None


def _missing(error: Exception) -> str:
    return Path(error.filename).name if isinstance(error, FileNotFoundError) else str(error).strip("'\"")


def _unpacked(packed: zipfile.ZipFile, name: str) -> bytes:
    if packed.getinfo(name).file_size > _MAX_FILE_BYTES:
        raise LinearModelError(f"{name} is larger than {_MAX_FILE_BYTES} bytes")
    with packed.open(name) as member:  # a member that is larger than its header says ends in BadZipFile
        return member.read()


def _json(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        value = json.loads(files[name])
    except ValueError as error:
        raise LinearModelError(f"{name} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise LinearModelError(f"{name} has to hold a JSON object")
    return value


def _model(additional: Mapping[str, Any], symbol: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> LinearModel:
    predictor, threshold = additional.get("predictor_type"), additional.get("threshold")
    if predictor not in set(PredictorType):
        raise LinearModelError(f"{_ADDITIONAL} names the predictor_type {predictor!r}; known are {[*PredictorType]}")
    if predictor == PredictorType.BINARY and not isinstance(threshold, int | float):
        raise LinearModelError(f"{_ADDITIONAL} names the threshold {threshold!r}; it has to be a number")
    nodes = _nodes(symbol)
    weight = _weight(nodes, arrays)
    outputs = weight.shape[1]
    if (outputs == 1) != (predictor != PredictorType.MULTICLASS):
        raise LinearModelError(f"{_WEIGHT} has {outputs} outputs, and the predictor_type is {predictor}")
    bias = np.asarray(arrays.get(_BIAS, np.zeros(outputs)), np.float32)
    if bias.size != outputs:
        raise LinearModelError(f"{_BIAS} has the shape {bias.shape} where {_WEIGHT} has {outputs} outputs")
    link = _link(nodes, additional.get("loss_type"))
    return LinearModel(PredictorType(predictor), link, float(threshold or 0), weight, bias.reshape(outputs))


def _nodes(symbol: Mapping[str, Any]) -> list[dict[str, Any]]:
    nodes = symbol.get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(node, dict) and "op" in node for node in nodes) or not nodes:
        raise LinearModelError(f"{_SYMBOL} holds no graph of operators")
    return nodes


def _weight(nodes: list[dict[str, Any]], arrays: Mapping[str, NDArray[Any]]) -> Matrix:
    if unknown := set(arrays) - {_WEIGHT, _BIAS}:
        raise LinearModelError(f"{_PARAMS} holds {sorted(unknown)}, which no model of Linear Learner has")
    if _WEIGHT not in arrays:
        raise LinearModelError(f"{_PARAMS} holds no {_WEIGHT}")
    weight = np.asarray(arrays[_WEIGHT], np.float32)
    operators = {node["op"] for node in nodes}
    if weight.ndim != 2 or not operators & {"dot", "FullyConnected"}:
        raise LinearModelError(f"{_SYMBOL} is no linear model: it has the operators {sorted(map(str, operators))}")
    # `dot` multiplies by features x outputs; FullyConnected by the transpose.
    return weight if "dot" in operators else np.ascontiguousarray(weight.T)


def _link(nodes: list[dict[str, Any]], loss: Any) -> Link:
    operator = nodes[-1]["op"]
    link = _LINKS_BY_OPERATOR.get(operator) or _LINKS_BY_LOSS.get(loss)
    if link is None:
        raise LinearModelError(f"{_SYMBOL} ends with {operator!r}, and the loss_type is {loss!r}: neither is known")
    return link
