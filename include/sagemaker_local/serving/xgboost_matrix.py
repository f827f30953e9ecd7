"""Rows of a request to AWS's XGBoost container as a DMatrix: CSV, libsvm, RecordIO.

Texts and the lenient reading of content types are those of AWS's container.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xgboost
from scipy.sparse import csr_matrix

from include.sagemaker_local.serving.recordio import Tensor, read_records

_CSV = ("csv", "text/csv")
_LIBSVM = ("libsvm", "text/libsvm", "text/x-libsvm")
_RECORDIO = ("recordio-protobuf", "application/x-recordio-protobuf")
_NOT_READ_HERE = ("parquet", "application/x-parquet")
_CONTENT_TYPES = (
    "csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, application/x-parquet, "
    "application/x-recordio-protobuf"
)
_SNIFFED_CHARACTERS = 512


def read_matrix(body: bytes, header: str) -> Any:
    """The DMatrix of a request with the Content-Type in `header`; an empty one means libsvm.

    Raises ValueError in the container's words.
    """
    content_type, *parameters = (part.strip() for part in (header or _LIBSVM[0]).lower().split(";"))
    if content_type in _CSV:
        _check_label_size(header, parameters)
        return csv_matrix(body)
    if content_type in _LIBSVM:
        return libsvm_matrix(body)
    if content_type in _RECORDIO:
        return recordio_matrix(body)
    if content_type in _NOT_READ_HERE:
        raise ValueError(f"Content-type {header} is not supported.")
    raise ValueError(f"{header} is not an accepted ContentType: {_CONTENT_TYPES}.")


def csv_matrix(body: bytes) -> Any:
    """A DMatrix of CSV rows. Raises ValueError in the container's words."""
    return _dmatrix(lambda: _csv_rows(_text(body)), "csv")


def libsvm_matrix(body: bytes) -> Any:
    """A DMatrix of libsvm rows. Raises ValueError in the container's words."""
    return _dmatrix(lambda: _libsvm_rows(_text(body)), "libsvm")


def recordio_matrix(body: bytes) -> Any:
    """A DMatrix of RecordIO records. Raises ValueError in the container's words."""
    return _dmatrix(lambda: _record_rows(read_records(body)), "recordio-protobuf")


def _check_label_size(header: str, parameters: list[str]) -> None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "label_size" and value.strip() != "1":
            raise ValueError(
                f"{header} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
            )


def _text(body: bytes) -> str:
    return body.strip().decode("utf-8")


def _dmatrix(rows: Callable[[], Any], kind: str) -> Any:
    try:
        return xgboost.DMatrix(rows())
    except Exception as error:
        raise ValueError(
            f"Loading {kind} data failed with Exception, "
            f"please ensure data is in {kind} format:\n {type(error)}\n {error}"
        ) from error


def _csv_rows(text: str) -> Any:
    """Rows of numbers. The delimiter is found out, as AWS's container does it; an empty cell is a missing value."""
    sniffed = csv.Sniffer().sniff(text.split("\n")[0][:_SNIFFED_CHARACTERS]).delimiter
    delimiter = "," if sniffed.isalnum() else sniffed
    rows = [["nan" if cell == "" else cell for cell in line.split(delimiter)] for line in text.split("\n")]
    return np.array(rows).astype(float)


def _libsvm_rows(text: str) -> Any:
    """A sparse matrix of "index:value" items; a label before them is passed over."""
    items = [
        (row, *item.split(":", 1))
        for row, line in enumerate(text.split("\n"))
        for item in line.split(" ")
        if ":" in item
    ]
    rows, columns, values = zip(*items, strict=True)
    return csr_matrix((np.array(values).astype(float), (np.array(rows), np.array(columns).astype(int))))


def _record_rows(records: Sequence[Tensor]) -> Any:
    """Rows of numbers; with the first record a sparse one, a sparse matrix as wide as that one says."""
    if not records[0].keys:
        return np.array([record.values for record in records], dtype=float)
    columns = [key for record in records for key in record.keys]
    rows = [row for row, record in enumerate(records) for _ in record.keys]
    values = [value for record in records for value in record.values]
    width = records[0].shape[0] if records[0].shape else max(columns) + 1
    return csr_matrix((values, (rows, columns)), shape=(len(records), width))
