"""A file cut into records, and records put together into requests.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.transform_request import Format, TransformRequest
from include.sagemaker_local.jobs.transform_rows import filtered
from include.sagemaker_local.jobs.transform_tuning import Requests


class RecordTooLarge(LocalSageMakerError):
    """One record alone is more than a request may hold."""

    def __init__(self, number: int, size_bytes: int, max_mb: int) -> None:
        super().__init__(
            f"record {number} has {size_bytes} bytes, which is more than MaxPayloadInMB allows ({max_mb} MB); raise "
            "MaxPayloadInMB, or split the file by SplitType Line"
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """One request. `rows` are the records as they are in the file, for the join; empty when nobody asks for them."""

    body: bytes
    rows: tuple[bytes, ...] = ()


def batches(content: bytes, request: TransformRequest, requests: Requests) -> list[Batch]:
    """The requests for one file, in order. A file of no records makes none.

    Raises RecordTooLarge, and RowError when an input filter cannot be applied.
    """
    if not content:
        return []
    if not request.split_lines:
        return [_whole_file(content, request, requests)]
    records = lines(content)
    bodies = filtered(records, request.processing) if request.processing.filters_input else records
    groups = grouped(bodies, requests)
    if not request.processing.join:
        return [Batch(b"".join(bodies[first:end])) for first, end in groups]
    return [Batch(b"".join(bodies[first:end]), tuple(records[first:end])) for first, end in groups]


def lines(content: bytes) -> list[bytes]:
    """The lines with their line ends. An empty line is no record; CR LF stays as it is."""
    return [line + b"\n" for line in content.removesuffix(b"\n").split(b"\n") if line and line != b"\r"]


def grouped(records: Sequence[bytes], requests: Requests) -> Iterator[tuple[int, int]]:
    """From and to (exclusive) which record each request goes: one record each, or as many as fit."""
    start, size, limit = 0, 0, requests.max_bytes
    for position, record in enumerate(records):
        if limit is not None and len(record) > limit:
            raise RecordTooLarge(position + 1, len(record), requests.max_payload_mb)
        full = requests.single_record or (limit is not None and size + len(record) > limit)
        if position > start and full:
            yield start, position
            start, size = position, 0
        size += len(record)
    if records:
        yield start, len(records)


def _whole_file(content: bytes, request: TransformRequest, requests: Requests) -> Batch:
    """The file as the one record that it is; filters see its lines where the format has a record on each line."""
    processing = request.processing
    rows: Iterable[bytes] = ()
    body = content
    if processing.filters_input or processing.join:
        rows = [content] if processing.read_as is Format.JSON else lines(content)
        if processing.filters_input:
            body = b"".join(filtered(rows, processing))
    if requests.max_bytes is not None and len(body) > requests.max_bytes:
        raise RecordTooLarge(1, len(body), requests.max_payload_mb)
    return Batch(body, tuple(rows))
