"""Algorithm mode of AWS's XGBoost container: a booster and no user code.

Texts, status codes and the lenient reading of content types are those of AWS's container.
"""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xgboost

from include.sagemaker_local.http1.messages import Headers, Response
from include.sagemaker_local.serving.contract import ANY_TYPE, header_text, text_response, with_charset
from include.sagemaker_local.serving.launch import ServingEnvironment
from include.sagemaker_local.serving.recordio import write_records
from include.sagemaker_local.serving.xgboost_matrix import read_matrix
from include.sagemaker_local.serving.xgboost_selection import Selection

logger = logging.getLogger(__name__)

_MODEL_NAME = "xgboost-model"  # what AWS's training container writes


def load(environment: ServingEnvironment) -> AlgorithmMode:
    """Load the booster. Raises RuntimeError when there is none or more than one file to choose from."""
    path = _model_file(environment.model_dir)
    logger.info("loading the model from %s", path.name)
    booster = _booster(path)
    selection = None
    if environment.inference_output is not None:
        selection = Selection.of(environment.inference_output, json.loads(booster.save_config()))
    return AlgorithmMode(booster, environment.default_accept or "text/csv", environment.batch, selection)


class AlgorithmMode:
    """A booster behind the contract of the XGBoost container."""

    def __init__(self, booster: Any, default_accept: str, batch: bool, selection: Selection | None = None) -> None:
        self._booster = booster
        self._default_accept = default_accept
        self._batch = batch
        self._selection = selection

    def invoke(self, headers: Headers, body: bytes) -> Response:
        """204 for an empty body, 415 for what cannot be read, 400 for what the model refuses, 406 for a bad Accept."""
        if not body:
            return Response(204)
        try:
            matrix = read_matrix(body, header_text(headers, b"content-type"))
        except Exception as error:
            return _refused(415, str(error))
        try:
            predictions = self._predict(matrix)
        except Exception as error:
            return _refused(400, f"Unable to evaluate payload provided: {error}")
        accept = header_text(headers, b"accept").partition(";")[0].strip().lower()
        if accept in ("", ANY_TYPE):
            accept = self._default_accept.partition(";")[0].strip().lower()
        if accept not in _ENCODERS:
            supported = list(_ENCODERS)
            return _refused(
                406, f"Accept type {accept} is not supported. Please use supported accept types: {supported}."
            )
        if self._selection is not None:
            return self._selected(self._selection, predictions, accept)
        return self._encoded(predictions, accept)

    def _predict(self, matrix: Any) -> list[Any]:
        best = self._booster.attr("best_iteration")  # of early stopping; the trees after it are not used
        rounds = (0, int(best) + 1) if best is not None else (0, 0)
        predictions = self._booster.predict(matrix, iteration_range=rounds, validate_features=False)
        return list(predictions.tolist())

    def _selected(self, selection: Selection, predictions: list[Any], accept: str) -> Response:
        """What SAGEMAKER_INFERENCE_OUTPUT names; 500 for an objective of which nothing can be selected."""
        try:
            body = selection.encode(selection.select(predictions), accept)
        except ValueError as error:
            return _refused(500, str(error))
        if self._batch and accept == "text/csv":
            body += b"\n"
        return Response(200, [(b"content-type", with_charset(accept).encode())], body)

    def _encoded(self, predictions: list[Any], accept: str) -> Response:
        if self._batch:
            accept, body = "text/csv", ("\n".join(map(str, predictions)) + "\n").encode()
        else:
            body = _ENCODERS[accept](predictions)
        return Response(200, [(b"content-type", with_charset(accept).encode())], body)


def _csv(predictions: list[Any]) -> bytes:
    return ",".join(map(str, predictions)).encode()


def _json(predictions: list[Any]) -> bytes:
    return json.dumps({"predictions": [{"score": score} for score in predictions]}).encode()


def _jsonlines(predictions: list[Any]) -> bytes:
    return "".join(json.dumps({"score": score}) + "\n" for score in predictions).encode()


def _recordio(predictions: list[Any]) -> bytes:
    return write_records([{"score": score if isinstance(score, list) else [score]} for score in predictions])


_ENCODERS: Mapping[str, Callable[[list[Any]], bytes]] = {
    "application/json": _json,
    "application/jsonlines": _jsonlines,
    "application/x-recordio-protobuf": _recordio,
    "text/csv": _csv,
}


def _refused(status: int, message: str) -> Response:
    logger.exception("%s", message)
    return text_response(status, message)


def _model_file(model_dir: Path) -> Path:
    if (model_dir / _MODEL_NAME).is_file():
        return model_dir / _MODEL_NAME
    files = sorted(path for path in model_dir.iterdir() if path.is_file() and not path.name.startswith("."))
    if len(files) != 1:
        found = ", ".join(path.name for path in files) or "no file"
        raise RuntimeError(
            f"the model archive has to hold the booster as {_MODEL_NAME!r}, or as its only file at the top; "
            f"it holds {found}"
        )
    return files[0]


def _booster(path: Path) -> Any:
    raw = path.read_bytes()
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(raw))  # from memory the format is told by the content, not by the file's name
    except xgboost.core.XGBoostError as error:
        try:
            booster = pickle.loads(raw)  # noqa: S301 - a model archive is code that its owner wants to run
        except Exception as pickle_error:
            raise RuntimeError(f"Model at {path} cannot be loaded:\n{pickle_error}\n{error}") from None
    if not isinstance(booster, xgboost.Booster):
        raise RuntimeError(f"Model at {path} cannot be loaded: it is a pickled {type(booster).__name__}, not a Booster")
    return booster
