"""Requests of AWS's built-in algorithms: rows of features in JSON, JSON lines, CSV and RecordIO. PURE.

"Common Data Formats for Inference" of AWS's guide: dense rows as `features` or as `data.features.values`, sparse ones
with `keys` and `shape`; CSV has no header and no label.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.sagemaker_local.serving.recordio import Tensor, read_records

Matrix = NDArray[np.float32]


class PayloadError(ValueError):
    """The request cannot be read, or does not go with the model; the message says why."""


class ContentTypeError(ValueError):
    """The algorithm does not read this content type."""


def read(body: bytes, content_type: str, features: int) -> Matrix:
    """The rows of a request, n x `features`; at least one. Raises ContentTypeError or PayloadError.

    A content type counts without its parameters, but for CSV's label_size: a request has no labels, so only 0 is right.
    """
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    reader = _READERS.get(kind)
    if reader is None or not all(map(_harmless, parameters)):
        raise ContentTypeError(content_type)
    try:
        tensors = reader(body)
    except PayloadError:
        raise
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"the body is no {kind}: {error}") from None
    if not tensors:
        raise PayloadError("the body holds no row")
    matrix = np.zeros((len(tensors), features), np.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        for row, tensor in zip(matrix, tensors, strict=True):
            _fill(row, tensor)
    if not np.isfinite(matrix).all():
        raise PayloadError("features have to be finite numbers of float32")
    return matrix


def _harmless(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() != "label_size" or value.strip() == "0"


def _fill(row: Matrix, tensor: Tensor) -> None:
    features = len(row)
    if not tensor.keys:
        if len(tensor.values) != features:
            raise PayloadError(f"a row has {len(tensor.values)} features, the model {features}")
        row[:] = tensor.values
        return
    if list(tensor.shape) != [features]:
        raise PayloadError(f"a sparse row has the shape {list(tensor.shape)}, the model {[features]}")
    if len(tensor.keys) != len(tensor.values) or not all(0 <= key < features for key in tensor.keys):
        raise PayloadError("a sparse row needs a value for each key, and keys from 0 to the shape")
    row[list(tensor.keys)] = tensor.values


def _json(body: bytes) -> list[Tensor]:
    document = _parsed(body)
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list):
        raise PayloadError('the body has to be {"instances": [...]}')
    return [_instance(instance) for instance in instances]


def _jsonlines(body: bytes) -> list[Tensor]:
    return [_instance(_parsed(line)) for line in body.splitlines() if line.strip()]


def _csv(body: bytes) -> list[Tensor]:
    lines = (line for line in body.decode("utf-8").splitlines() if line.strip())
    return [Tensor([float(cell) for cell in line.split(",")]) for line in lines]


def _parsed(text: bytes) -> Any:
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> float:
    raise PayloadError(f"{name} is no number in JSON")


def _instance(instance: Any) -> Tensor:
    if not isinstance(instance, dict):
        raise PayloadError("an instance has to be an object")
    element = instance.get("features")
    if element is None:
        data = instance.get("data")
        element = data.get("features") if isinstance(data, dict) else None
    if isinstance(element, Mapping):
        parts = [_list(element.get(name, [])) for name in ("values", "keys", "shape")]
        return Tensor(_numbers(parts[0]), _indices(parts[1]), _indices(parts[2]))
    return Tensor(_numbers(_list(element)))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise PayloadError("an instance has to have its features as a list, or as values, keys and shape")
    return value


def _numbers(values: Sequence[Any]) -> list[float]:
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        raise PayloadError("features have to be numbers")
    try:
        return [float(value) for value in values]
    except OverflowError:
        raise PayloadError("a feature is too large") from None


def _indices(values: Sequence[Any]) -> list[int]:
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise PayloadError("keys and shape have to be whole numbers")
    return list(values)


_READERS: Mapping[str, Callable[[bytes], list[Tensor]]] = {
    "application/json": _json,
    "application/jsonlines": _jsonlines,
    "text/csv": _csv,
    "application/x-recordio-protobuf": read_records,
}
