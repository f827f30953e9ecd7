"""Records as values: filtered on their way in, joined and filtered on their way out.

A CSV row is an array of its cells, as text. A joined CSV row is the input's cells and then the output's; a joined JSON
object is the input with the key SageMakerOutput; anything else becomes {"SageMakerInput": ..., "SageMakerOutput": ...}
(developer guide, "Associate prediction results with input records").
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.transform_request import Format, Processing
from include.sagemaker_local.json_path import JsonPathError


class RowError(LocalSageMakerError):
    """A record that cannot be read in its format, or that a filter or the join does not fit."""


def filtered(records: Sequence[bytes], processing: Processing) -> list[bytes]:
    """What the input filter leaves of each record, each on a line of its own."""
    kind = processing.read_as or Format.CSV
    values = [_read(record, kind, f"record {number}") for number, record in enumerate(records, 1)]
    return [
        _write(_select(processing.input_filter.select, value, f"InputFilter, record {number}"), kind)
        for number, value in enumerate(values, 1)
    ]


def processed(answer: bytes, rows: Sequence[bytes], processing: Processing) -> list[bytes]:
    """The results that a request's answer stands for: joined with the records it was made of, filtered, a line each.

    Raises RowError when the answer cannot be read as what Accept says, or has another number of records.
    """
    kind = processing.written_as or Format.CSV
    values = _answered(answer, kind)
    if processing.join:
        values = _joined(rows, values, processing.read_as or kind)
    if processing.output_filter.whole:
        return [_write(value, kind) for value in values]
    return [
        _write(_select(processing.output_filter.select, value, f"OutputFilter, result {number}"), kind)
        for number, value in enumerate(values, 1)
    ]


def _joined(rows: Sequence[bytes], outputs: list[Any], kind: Format) -> list[Any]:
    inputs = [_read(row, kind, f"record {number}") for number, row in enumerate(rows, 1)]
    if len(outputs) == 1 and len(inputs) > 1 and isinstance(outputs[0], list) and kind is not Format.CSV:
        outputs = outputs[0]  # one JSON array for all the records of the request
    if len(inputs) != len(outputs):
        raise RowError(
            f"a request of {len(inputs)} records was answered with {len(outputs)}, so they cannot be joined; answer "
            "one for each record, or use BatchStrategy SingleRecord"
        )
    return [_join(given, got, kind) for given, got in zip(inputs, outputs, strict=True)]


def _join(given: Any, got: Any, kind: Format) -> Any:
    if kind is Format.CSV:
        return [*given, *got]
    if isinstance(given, dict):
        return {**given, "SageMakerOutput": got}
    return {"SageMakerInput": given, "SageMakerOutput": got}


def _answered(answer: bytes, kind: Format) -> list[Any]:
    """The records of an answer. JSON is one document, or one on each line."""
    if kind is Format.JSON:
        try:
            return [json.loads(answer)]
        except ValueError:
            pass  # then a document on each line
    split = (line for line in answer.split(b"\n") if line.strip())
    return [_read(line, kind, f"result {number}") for number, line in enumerate(split, 1)]


def _read(record: bytes, kind: Format, where: str) -> Any:
    try:
        text = record.decode()
        return next(csv.reader([text.rstrip("\r\n")])) if kind is Format.CSV else json.loads(text)
    except (ValueError, csv.Error, StopIteration) as error:
        raise RowError(f"{where} is not {kind}: {error}") from None


def _write(value: Any, kind: Format) -> bytes:
    if kind is not Format.CSV:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(value if isinstance(value, list) else [value])
    return line.getvalue().encode()


def _select(select: Any, value: Any, where: str) -> Any:
    try:
        return select(value)
    except JsonPathError as error:
        raise RowError(f"{where}: {error}") from None
