from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tracemalloc

import pytest
from sluice.responses.archive import MAX_NAMED, first_file, inspect

from tests.fakes.archives import tar_gz


def problems(body: bytes) -> str:
    return "; ".join(inspect(io.BytesIO(body)).problems)


def test_a_good_archive_has_a_digest_of_its_bytes() -> None:
    body = tar_gz({"a": b"1", "code/inference.py": b"2"})
    found = inspect(io.BytesIO(body))
    assert found.digest == hashlib.sha256(body).hexdigest()
    assert (found.files, found.problems) == (2, ())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is not a tar archive inside gzip"),
        (b"plain", "is not gzip"),
        (gzip.compress(b"no tar"), "is not a tar archive inside gzip"),
        (tar_gz({"a": bytes(100_000)})[:-20], "is truncated"),
        (tar_gz({"a": b"x" * 5000})[:-1], "is truncated"),
        (tar_gz({"../a": b"1"}), "climbs out"),
        (tar_gz({"a/../../b": b"1"}), "climbs out"),
        (tar_gz({"/etc/passwd": b"1"}), "climbs out"),
        (tar_gz(links={"model": "other"}), "is a link to 'other'"),
    ],
)
def test_what_is_refused(body: bytes, said: str) -> None:
    assert said in problems(body)


def test_a_device_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("null")
        member.type = tarfile.CHRTYPE
        archive.addfile(member)
    assert "neither a file nor a directory" in problems(buffer.getvalue())


def test_a_flipped_bit_is_noticed() -> None:
    body = bytearray(tar_gz({"a": bytes(range(256)) * 40}))
    body[-6] ^= 1  # in the checksum
    assert problems(bytes(body))


def test_only_the_first_few_of_many_problems_are_named() -> None:
    found = inspect(io.BytesIO(tar_gz({f"../{number}": b"" for number in range(20)})))
    assert len(found.problems) == MAX_NAMED + 1 and "15 more" in found.problems[-1]


def test_a_connection_that_breaks_is_not_taken_for_a_bad_archive() -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError("the network")

    with pytest.raises(ConnectionResetError):
        inspect(Breaking())


def test_a_large_archive_is_never_in_memory_as_a_whole() -> None:
    body = tar_gz({"zeros": bytes(64 * 1024 * 1024)})
    tracemalloc.start()
    assert not inspect(io.BytesIO(body)).problems
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


def test_the_first_file() -> None:
    assert first_file(io.BytesIO(tar_gz({"row-1.csv": b"1,2", "row-2.csv": b"3,4"}))) == ("row-1.csv", b"1,2")
