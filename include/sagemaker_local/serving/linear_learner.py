"""The built-in Linear Learner algorithm behind the contract of its container.

Formats are those of AWS's guide. An Accept that the algorithm does not know gets JSON, as text/csv does on AWS
(aws/sagemaker-python-sdk#993), and a body that does not go with the model gets AWS's one text, with the reason in the
log (aws/amazon-sagemaker-examples#1881). AWS's text for an unknown content type is not known; it is BlazingText's here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from include.sagemaker_local.http1.messages import Headers, Response
from include.sagemaker_local.serving import instances, linear_artifact, recordio
from include.sagemaker_local.serving.contract import ANY_TYPE, header_text, text_response
from include.sagemaker_local.serving.launch import ServingEnvironment
from include.sagemaker_local.serving.linear_model import LinearModel, PredictorType

logger = logging.getLogger(__name__)

_JSON, _JSONLINES, _RECORDIO = "application/json", "application/jsonlines", "application/x-recordio-protobuf"

Prediction = dict[str, Any]


def load(environment: ServingEnvironment) -> LinearLearner:
    """Load the model of the container. Raises LinearModelError."""
    model = linear_artifact.load(environment.model_dir)
    logger.info("Linear Learner: a %s of %d features", model.predictor, model.features)
    return LinearLearner(model, environment.default_accept or _JSON)


class LinearLearner:
    """A linear model behind POST /invocations."""

    def __init__(self, model: LinearModel, default_accept: str) -> None:
        self._model = model
        self._default_accept = default_accept

    def invoke(self, headers: Headers, body: bytes) -> Response:
        """415 for a content type that is not read, 400 for a body that is not understood or of another width."""
        content_type = header_text(headers, b"content-type")
        try:
            rows = instances.read(body, content_type, self._model.features)
        except instances.ContentTypeError:
            return text_response(415, f"content-type {content_type} not supported")
        except instances.PayloadError as error:
            logger.error("unable to evaluate payload provided: %s", error)
            return text_response(400, "unable to evaluate payload provided")
        accept = self._accept(header_text(headers, b"accept"))
        return Response(200, [(b"content-type", accept.encode())], _ENCODERS[accept](self._predictions(rows)))

    def _predictions(self, rows: instances.Matrix) -> list[Prediction]:
        scores = self._model.scores(rows)
        listed = scores.tolist() if self._model.predictor is PredictorType.MULTICLASS else scores[:, 0].tolist()
        labels = self._model.labels(scores)
        if labels is None:
            return [{"score": score} for score in listed]
        return [
            {"score": score, "predicted_label": label} for score, label in zip(listed, labels.tolist(), strict=True)
        ]

    def _accept(self, header: str) -> str:
        wanted = header.partition(";")[0].strip().lower()
        if wanted in ("", ANY_TYPE):
            wanted = self._default_accept.partition(";")[0].strip().lower()
        return wanted if wanted in _ENCODERS else _JSON


def _json(predictions: Sequence[Prediction]) -> bytes:
    return json.dumps({"predictions": predictions}).encode()


def _jsonlines(predictions: Sequence[Prediction]) -> bytes:
    return b"".join(json.dumps(prediction).encode() + b"\n" for prediction in predictions)


def _recordio(predictions: Sequence[Prediction]) -> bytes:
    listed = [
        {name: value if isinstance(value, list) else [value] for name, value in prediction.items()}
        for prediction in predictions
    ]
    return recordio.write_records(listed)


_ENCODERS: Mapping[str, Callable[[Sequence[Prediction]], bytes]] = {
    _JSON: _json,
    _JSONLINES: _jsonlines,
    _RECORDIO: _recordio,
}
