"""Archives that must not be unpacked: each is refused with its reason, and leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from include.sagemaker_local.errors import ArtifactError, HostError
from include.sagemaker_local.runtime import artifacts
from tests.fakes.archives import tar_gz

URI = "s3://models/m/model.tar.gz"


def raw_tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def entry(
    name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644
) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode, member.size = kind, link, mode, len(content)
    return member, content


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    return gzip.compress(raw_tar(entry("first.txt", b"good"), *members))


GOOD = raw_tar(entry("a.bin", bytes(range(256)) * 40), entry("b.bin", b"x" * 3000))

BAD = {
    "no bytes": (b"", "is empty"),
    "not gzip": (b"PK\x03\x04 a zip file", "not gzip"),
    "a plain tar": (GOOD, "not gzip"),
    "gzip of no tar": (gzip.compress(b"hello, world" * 100), "not a tar archive"),
    "gzip of nothing": (gzip.compress(b""), "is empty"),
    "a tar of nothing": (gzip.compress(raw_tar()), "is empty"),
    "a tar of directories": (gzip.compress(raw_tar(entry("d", kind=tarfile.DIRTYPE))), "is empty"),
    "gzip cut short": (gzip.compress(GOOD)[:-40], "truncated"),
    "gzip with a wrong checksum": (gzip.compress(GOOD)[:-8] + b"\0" * 8, "damaged"),
    "garbage after gzip": (gzip.compress(GOOD) + b"garbage", "damaged"),
    "tar cut within a member": (gzip.compress(GOOD[:1000]), "truncated"),
    "tar cut within a header": (gzip.compress(GOOD[: 512 + 10240 + 100]), "damaged"),
    "a damaged second header": (gzip.compress(GOOD[:10752] + b"?" * 512 + GOOD[11264:]), "damaged"),
    "a symbolic link": (packed(entry("s", kind=tarfile.SYMTYPE, link="/etc/passwd")), "symbolic link"),
    "a hard link": (packed(entry("h", kind=tarfile.LNKTYPE, link="first.txt")), "hard link"),
    "a device": (packed(entry("null", kind=tarfile.CHRTYPE)), "device"),
    "a pipe": (packed(entry("pipe", kind=tarfile.FIFOTYPE)), "special file"),
    "an absolute path": (packed(entry("/tmp/evil.txt", b"x")), "absolute path"),
    "climbing out": (packed(entry("../evil.txt", b"x")), "climbs out"),
    "climbing out further on": (packed(entry("code/../../evil.txt", b"x")), "climbs out"),
    "the parent itself": (packed(entry("..", kind=tarfile.DIRTYPE)), "climbs out"),
    "a file that is also a directory": (packed(entry("first.txt/more.txt", b"x")), "both as a file and as a directory"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_archives_are_refused_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    data, reason = BAD[case]
    with pytest.raises(ArtifactError, match=reason) as checked:
        artifacts.check(data, URI)
    assert URI in str(checked.value)
    with pytest.raises(ArtifactError, match=reason):
        artifacts.unpack(data, URI, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_stops_at_the_limit() -> None:
    data = gzip.compress(raw_tar(entry("zeros", b"\0" * 3_000_000)))
    artifacts.check(data, URI, max_unpacked_bytes=4_000_000)
    with pytest.raises(ArtifactError, match="too large"):
        artifacts.check(data, URI, max_unpacked_bytes=2_000_000)


def test_a_sparse_member_counts_with_the_size_that_it_unpacks_to() -> None:
    # GNU's old sparse format: 512 bytes of data at the end of a file of 1 GB.
    member = tarfile.TarInfo("sparse")
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 512
    header = bytearray(member.tobuf(format=tarfile.GNU_FORMAT))
    for place, value in ((386, 10**9 - 512), (398, 512), (483, 10**9)):
        header[place : place + 12] = b"%011o\0" % value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data = gzip.compress(bytes(header) + b"x" * 512 + b"\0" * 1024)
    with pytest.raises(ArtifactError, match="too large"):
        artifacts.check(data, URI, max_unpacked_bytes=1_000_000)


def test_good_archives_are_unpacked_with_sane_modes(tmp_path: Path) -> None:
    data = packed(
        entry("./code/inference.py", b"print()", mode=0o4777),
        entry("weights.bin", b"w", mode=0o000),
        entry("code/../again.txt", b"inside", mode=0o600),
        entry("empty", kind=tarfile.DIRTYPE, mode=0o000),
    )
    artifacts.check(data, URI)
    artifacts.unpack(data, URI, tmp_path / "deep" / "model")
    model = tmp_path / "deep" / "model"
    found = {str(path.relative_to(model)): oct(path.stat().st_mode & 0o7777) for path in model.rglob("*.*")}
    assert found == {
        "first.txt": "0o644",
        "code/inference.py": "0o755",
        "weights.bin": "0o644",
        "again.txt": "0o644",
    }
    assert (model / "code" / "inference.py").read_bytes() == b"print()"
    assert list((model / "empty").iterdir()) == []


def test_a_destination_that_cannot_be_written_is_the_machines_fault(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("a file, where a directory has to be")
    with pytest.raises(HostError, match="cannot unpack"):
        artifacts.unpack(tar_gz(), URI, tmp_path / "model")
