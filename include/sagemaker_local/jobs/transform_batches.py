"""A file cut into records, and records put together into requests.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.transform_framing import record_io, tf_records
from include.sagemaker_local.jobs.transform_request import Format, Split, TransformRequest
from include.sagemaker_local.jobs.transform_rows import filtered
from include.sagemaker_local.jobs.transform_tuning import Requests

# Where a line of nothing begins: at the start of a file, or after another line.
_EMPTY_FIRST = (b"\n", b"\r\n")
_EMPTY_BETWEEN = (b"\n\n", b"\n\r\n")


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

    Raises RecordTooLarge, FramingError, and RowError when an input filter cannot be applied.
    """
    if not content:
        return []
    if request.split is Split.NONE:
        return [_whole_file(content, request, requests)]
    if request.split is Split.LINE and _as_it_is(request, requests):
        return [Batch(part) for part in whole_lines(content, requests)]
    records = _records(content, request.split, bare=requests.single_record)
    bodies = filtered(records, request.processing) if request.processing.filters_input else records
    groups = grouped(bodies, requests)
    if not request.processing.join:
        return [Batch(b"".join(bodies[first:end])) for first, end in groups]
    return [Batch(b"".join(bodies[first:end]), tuple(records[first:end])) for first, end in groups]


def lines(content: bytes) -> list[bytes]:
    """The lines with their line ends; the last one gets one. An empty line is no record; CR LF stays as it is."""
    return [line + b"\n" for line in content.removesuffix(b"\n").split(b"\n") if line and line != b"\r"]


def whole_lines(content: bytes, requests: Requests) -> Iterator[bytes]:
    """What `grouped` makes of `lines`, for several records a request: found from the end of each request backwards."""
    if not content.endswith(b"\n"):
        content += b"\n"
    if content.startswith(_EMPTY_FIRST) or any(empty in content for empty in _EMPTY_BETWEEN):
        content = b"".join(lines(content))
    start, size = 0, requests.max_bytes or len(content)
    while start < len(content):
        end = content.rfind(b"\n", start, start + size) + 1
        if not end:
            length = content.find(b"\n", start) + 1 - start
            raise RecordTooLarge(content.count(b"\n", 0, start) + 1, length, requests.max_payload_mb)
        yield content[start:end]
        start = end


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


def _as_it_is(request: TransformRequest, requests: Requests) -> bool:
    """Whether requests hold the file's bytes and nobody needs to know its single records."""
    return not (requests.single_record or request.processing.filters_input or request.processing.join)


def _records(content: bytes, split: Split, *, bare: bool) -> list[bytes]:
    """The records of a file. The frames of binary formats go with them unless they are sent one by one (`bare`).

    So the API reference on SplitType: padding "is removed if the value of BatchStrategy is set to SingleRecord".
    """
    if split is Split.RECORD_IO:
        return record_io(content, bare=bare)
    return tf_records(content, bare=bare) if split is Split.TF_RECORD else lines(content)


def _whole_file(content: bytes, request: TransformRequest, requests: Requests) -> Batch:
    """The file as the one record that it is; filters see its lines where the format has a record on each line."""
    processing = request.processing
    rows: Sequence[bytes] = ()
    body = content
    if processing.filters_input or processing.join:
        rows = [content] if processing.read_as is Format.JSON else lines(content)
        if processing.filters_input:
            body = b"".join(filtered(rows, processing))
    if requests.max_bytes is not None and len(body) > requests.max_bytes:
        raise RecordTooLarge(1, len(body), requests.max_payload_mb)
    return Batch(body, tuple(rows))
