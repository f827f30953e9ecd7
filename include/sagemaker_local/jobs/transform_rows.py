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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.transform_request import Format, Processing
from include.sagemaker_local.json_path import JsonPath, JsonPathError

# The csv module refuses cells of more than 128 KiB unless it is told otherwise. No cell is larger than its request.
_MAX_CELL_CHARS = 100 * 1024 * 1024


class RowError(LocalSageMakerError):
    """A record that cannot be read in its format, or that a filter or the join does not fit."""


def filtered(records: Sequence[bytes], processing: Processing) -> list[bytes]:
    """What the input filter leaves of each record, each on a line of its own."""
    kind = processing.read_as or Format.CSV
    return _selected(_values(records, kind, "record"), processing.input_filter, kind, "InputFilter, record")


def processed(answer: bytes, rows: Sequence[bytes], processing: Processing) -> list[bytes]:
    """The results that a request's answer stands for: joined with the records it was made of, filtered, a line each.

    Raises RowError when the answer cannot be read as what Accept says, or has another number of records.
    """
    kind = processing.written_as or Format.CSV
    if processing.join and kind is Format.CSV and processing.output_filter.whole:
        return _appended(rows, answer)
    outputs = _Outputs.of(answer, kind)
    values = _joined(rows, outputs, processing.read_as or kind) if processing.join else outputs.values
    return _selected(values, processing.output_filter, kind, "OutputFilter, result")


def _selected(values: Iterable[Any], path: JsonPath, kind: Format, what: str) -> list[bytes]:
    """What `path` selects from each value, a line each. `what` says in an error which path and values these are."""
    selected: list[bytes] = []
    for number, value in enumerate(values, 1):
        try:
            selected.append(_write(path.select(value), kind))
        except JsonPathError as error:
            raise RowError(f"{what} {number}: {error}") from None
    return selected


def _appended(rows: Sequence[bytes], answer: bytes) -> list[bytes]:
    """Whole CSV rows joined with whole CSV rows: nothing has to be read for that."""
    outputs = _answer_lines(answer)
    _check_number(len(rows), len(outputs))
    return [
        row.rstrip(b"\r\n") + b"," + output.rstrip(b"\r") + b"\n" for row, output in zip(rows, outputs, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Outputs:
    """The records of an answer: how many, and each, read when its turn comes. A million of them are never held."""

    count: int
    values: Iterable[Any]

    @classmethod
    def of(cls, answer: bytes, kind: Format) -> _Outputs:
        """JSON is one document, or one on each line."""
        if kind is Format.JSON:
            with suppress(ValueError):  # of what is no single document: then it is one on each line
                return cls(1, [json.loads(answer)])
        lines = _answer_lines(answer)
        return cls(len(lines), _values(lines, kind, "result"))


def _joined(rows: Sequence[bytes], outputs: _Outputs, kind: Format) -> Iterator[Any]:
    if outputs.count == 1 and len(rows) > 1 and kind is not Format.CSV:
        (only,) = outputs.values
        if isinstance(only, list):  # one JSON array for all the records of the request
            outputs = _Outputs(len(only), only)
    _check_number(len(rows), outputs.count)
    pairs = zip(_values(rows, kind, "record"), outputs.values, strict=True)
    return (_join(given, got, kind) for given, got in pairs)


def _check_number(asked: int, answered: int) -> None:
    if asked != answered:
        raise RowError(
            f"a request of {asked} records was answered with {answered}, so they cannot be joined; answer one for "
            "each record, or use BatchStrategy SingleRecord"
        )


def _join(given: Any, got: Any, kind: Format) -> Any:
    if kind is Format.CSV:
        return [*given, *got]
    if isinstance(given, dict):
        return {**given, "SageMakerOutput": got}
    return {"SageMakerInput": given, "SageMakerOutput": got}


def _answer_lines(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\n") if line.strip()]


def _values(records: Iterable[bytes], kind: Format, what: str) -> Iterator[Any]:
    """Each record, read when its turn comes. `what` says in an error what the records are."""
    for number, record in enumerate(records, 1):
        try:
            text = record.decode()
            yield _cells(text.rstrip("\r\n")) if kind is Format.CSV else json.loads(text)
        except (ValueError, csv.Error) as error:
            raise RowError(f"{what} {number} is not {kind}: {error}") from None


def _cells(line: str) -> list[str]:
    if '"' not in line:
        return line.split(",")  # what the csv module makes of it, three times as quickly
    csv.field_size_limit(_MAX_CELL_CHARS)
    return next(csv.reader([line]))


def _write(value: Any, kind: Format) -> bytes:
    if kind is not Format.CSV:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"
    cells: list[str] = value if isinstance(value, list) else [value]
    line = ",".join(cells)
    if line and '"' not in line and line.count(",") == len(cells) - 1:
        return line.encode() + b"\n"  # no cell needs quotes
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="\n").writerow(cells)
    return quoted.getvalue().encode()
