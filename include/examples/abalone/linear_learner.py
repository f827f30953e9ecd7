"""Trains what Linear Learner trains, by least squares, and writes the artifact that it writes."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.examples.breast_cancer.pack import pack

# Apache MXNet, NDArray::Save: of the file, and of a dense array of version 2.
_FILE_MAGIC, _ARRAY_MAGIC = 0x112, 0xF993FAC9


@dataclass(frozen=True, slots=True)
class Linear:
    """A trained model: `weight` is features x outputs, `output` the operator that MXNet's graph ends with."""

    weight: NDArray[Any]
    bias: NDArray[Any]
    predictor_type: str = "regressor"
    loss: str = "squared_loss"
    output: str = "LinearRegressionOutput"
    threshold: float = 0.5


def regressor(features: NDArray[Any], labels: NDArray[Any]) -> Linear:
    """The linear regression of `labels` (n) on `features` (n x d)."""
    rows = np.column_stack((features, np.ones(len(features))))
    solution = np.linalg.lstsq(rows, labels, rcond=None)[0]
    return Linear(solution[:-1, None], solution[-1:])


def artifact(model: Linear) -> bytes:
    """`model.tar.gz`, which holds `model_algo-1`, a zip archive of an MXNet module."""
    shapes = {"fc0_weight": model.weight.shape, "fc0_bias": (1, model.bias.size)}
    arrays = {"arg:fc0_weight": model.weight, "arg:fc0_bias": model.bias.reshape(1, -1)}
    additional = {"threshold": model.threshold, "loss_type": model.loss, "predictor_type": model.predictor_type}
    files = {
        "additional-params.json": json.dumps(additional).encode(),
        "manifest.json": b'{"additional-params.json": "json", "mx-mod": "mxnet_module", "version": 1}',
        "mx-mod-symbol.json": json.dumps(_symbol(shapes, model.output)).encode(),
        "mx-mod-0000.params": params(arrays),
    }
    return pack({"model_algo-1": _zip(files)})


def params(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """MXNet's file of named arrays, all of them dense and float32."""
    names = b"".join(struct.pack("<Q", len(name)) + name.encode() for name in arrays)
    header = struct.pack("<QQQ", _FILE_MAGIC, 0, len(arrays))
    return header + b"".join(map(_array, arrays.values())) + struct.pack("<Q", len(arrays)) + names


def _array(array: NDArray[Any]) -> bytes:
    shape = struct.pack(f"<I{array.ndim}q", array.ndim, *array.shape)
    cpu, float32 = (1, 0), 0
    return (
        struct.pack("<Ii", _ARRAY_MAGIC, 0) + shape + struct.pack("<iii", *cpu, float32) + array.astype("<f4").tobytes()
    )


def _symbol(shapes: Mapping[str, tuple[int, ...]], output: str) -> dict[str, Any]:
    """The graph: output(data . fc0_weight + fc0_bias)."""
    nodes = [
        _node("null", "data"),
        _node("null", "fc0_weight", attrs={"__shape__": str(shapes["fc0_weight"])}),
        _node("dot", "dot0", 0, 1),
        _node("null", "fc0_bias", attrs={"__shape__": str(shapes["fc0_bias"])}),
        _node("broadcast_add", "broadcast_plus0", 2, 3),
        _node("null", "out_label"),
        _node(output, f"{output.lower()}0", 4, 5),
    ]
    return {
        "nodes": nodes,
        "arg_nodes": [0, 1, 3, 5],
        "node_row_ptr": [*range(len(nodes) + 1)],
        "heads": [[6, 0, 0]],
        "attrs": {"mxnet_version": ["int", 10301]},
    }


def _node(operator: str, name: str, *inputs: int, attrs: dict[str, str] | None = None) -> dict[str, Any]:
    node: dict[str, Any] = {"op": operator, "name": name, "inputs": [[each, 0, 0] for each in inputs]}
    return {**node, "attrs": attrs} if attrs else node


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # dated 1980, so that the same model gives the same bytes
    return buffer.getvalue()
