"""RecordIO and TFRecord files taken apart into records.

RecordIO (MXNet's guide, dmlc-core's recordio.h), little endian: the magic number, a word whose upper 3 bits say which
part of a record it is and whose lower 29 are the length, the data, zeros up to a multiple of 4 bytes. A record that
holds the magic number itself is cut there and has several parts.
TFRecord (TensorFlow's guide), little endian: the length in 8 bytes, 4 bytes of checksum, the data, 4 bytes of checksum.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from include.sagemaker_local.errors import LocalSageMakerError

_MAGIC = struct.pack("<I", 0xCED7230A)
_RECORD_IO_HEAD = struct.Struct("<4sI")
_LENGTH_BITS = 29
_WHOLE, _LAST = 0, 3  # the parts that end a record; 1 is a first one and 2 one in the middle
_TF_RECORD_HEAD = struct.Struct("<QI")
_TF_RECORD_TAIL_BYTES = 4


class FramingError(LocalSageMakerError):
    """A file that is not what its SplitType says."""


def record_io(content: bytes, *, bare: bool) -> list[bytes]:
    """The records with their frames, or `bare`: the data alone. Raises FramingError with the place."""
    records: list[bytes] = []
    start, data = 0, []
    for part, first, end, following in _parts(content):
        data.append(content[first:end])
        if part in (_WHOLE, _LAST):
            records.append(_MAGIC.join(data) if bare else content[start:following])
            start, data = following, []
    if data:
        raise FramingError(f"the file is no RecordIO: it ends before the last part of the record at byte {start}")
    return records


def tf_records(content: bytes, *, bare: bool) -> list[bytes]:
    """The records with their frames, or `bare`: the data alone. Checksums are not looked at.

    Raises FramingError with the place.
    """
    records: list[bytes] = []
    start = 0
    while start < len(content):
        first = start + _TF_RECORD_HEAD.size
        length = _TF_RECORD_HEAD.unpack_from(content, start)[0] if first <= len(content) else 0
        following = first + length + _TF_RECORD_TAIL_BYTES
        if following > len(content):
            raise FramingError(f"the file is no TFRecord: it ends before the record at byte {start} does")
        records.append(content[first : first + length] if bare else content[start:following])
        start = following
    return records


def _parts(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Of every part: which it is, where its data begins and ends, and where the next one begins."""
    at = 0
    while at < len(content):
        first = at + _RECORD_IO_HEAD.size
        if first > len(content):
            raise FramingError(f"the file is no RecordIO: it ends within the head of the record at byte {at}")
        magic, word = _RECORD_IO_HEAD.unpack_from(content, at)
        if magic != _MAGIC:
            raise FramingError(f"the file is no RecordIO: there is no magic number at byte {at}")
        length = word & ((1 << _LENGTH_BITS) - 1)
        end, following = first + length, first + (length + 3) // 4 * 4
        if following > len(content):
            raise FramingError(f"the file is no RecordIO: it ends before the record at byte {at} does")
        yield word >> _LENGTH_BITS, first, end, following
        at = following
