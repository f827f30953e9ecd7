"""Archives that must not be unpacked: each is refused with its reason, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def old_sparse() -> bytes:
    """GNU's old sparse format: 512 bytes of data at the end of a file of 1 GB."""
    member = tarfile.TarInfo("sparse")
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 512
    places = ((386, 10**9 - 512), (398, 512), (483, 10**9))
    return (
        patched(member.tobuf(format=tarfile.GNU_FORMAT), *((at, b"%011o\0" % value) for at, value in places))
        + b"x" * 512
    )


def patched(header: bytes, *parts: tuple[int, bytes]) -> bytes:
    """A header with other bytes in some places, and a checksum that says so."""
    changed = bytearray(header)
    for at, part in parts:
        changed[at : at + len(part)] = part
    changed[148:156] = b" " * 8
    changed[148:156] = b"%06o\0 " % sum(changed[:512])
    return bytes(changed)


def with_pax(**records: str) -> bytes:
    """A member with PAX records, as they come: tarfile would write none that are wrong."""
    member = tarfile.TarInfo("data.txt")
    member.size = 4
    member.pax_headers = {name.replace("__", "."): value for name, value in records.items()}
    return member.tobuf(format=tarfile.PAX_FORMAT) + b"data" + b"\0" * 508


def special(kind: bytes, size: bytes) -> bytes:
    """A header of that kind that says it has `size` (11 octal digits, or base 256)."""
    member = tarfile.TarInfo("././@LongLink")
    member.type = kind
    return patched(member.tobuf(format=tarfile.GNU_FORMAT), (124, size))


NEGATIVE = b"\xff" * 8 + b"\xff\xff\xfe\x00"  # base 256: -512
HUGE = b"%011o\0" % (6 * 1024**3)
TRICKS = {
    "a sparse member": (old_sparse(), "sparse"),
    "a sparse member by PAX": (with_pax(GNU__sparse__major="1", GNU__sparse__minor="0", size="4"), "sparse"),
    "a sparse member whose map never ends": (with_pax(GNU__sparse__major="1", GNU__sparse__minor="0"), "sparse"),
    "a member of negative size": (special(tarfile.REGTYPE, NEGATIVE), "negative size"),
    "a long name of negative size": (special(tarfile.GNUTYPE_LONGNAME, NEGATIVE), "negative size"),
    "a negative size by PAX": (with_pax(size="-512"), "negative size"),
    "a long name of 6 GB": (special(tarfile.GNUTYPE_LONGNAME, HUGE), "more than 1048576 bytes"),
    "PAX records of 6 GB": (special(tarfile.XHDTYPE, HUGE), "more than 1048576 bytes"),
    "global PAX records of 6 GB": (special(tarfile.XGLTYPE, HUGE), "more than 1048576 bytes"),
    "another path by PAX": (with_pax(path="../evil.txt"), "climbs out"),
    "an absolute path by PAX": (with_pax(path="/tmp/evil.txt"), "absolute path"),
    "a link by PAX": (with_pax(linkpath="/etc/passwd", path="a\0b"), "NUL byte"),
    "a name that is too long": (with_pax(path="x" * 256), "too long"),
    "a path that is too long": (with_pax(path="/".join(["x" * 200] * 20)), "too long"),
}


@pytest.mark.parametrize("case", TRICKS)
def test_tricks_with_headers_are_refused_at_once(case: str, tmp_path: Path) -> None:
    tricky, reason = TRICKS[case]
    for before in (b"", GOOD[:512] + GOOD[512:10752]):
        data = gzip.compress(before + tricky + b"\0" * 1024)
        with pytest.raises(ArtifactError, match=reason):
            artifacts.unpack(data, URI, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_directories_that_are_only_named_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MAX_MEMBERS", 100)
    deep = [entry("/".join([str(number), *"abcdefghij", "f"]), b"x") for number in range(12)]
    artifacts.check(gzip.compress(raw_tar(*deep[:9])), URI)
    with pytest.raises(ArtifactError, match="too large"):
        artifacts.check(gzip.compress(raw_tar(*deep)), URI)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.data())
def test_whatever_is_wrong_with_an_archive_it_is_the_archive_s_fault(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from([GOOD, *(tricky for tricky, _ in TRICKS.values())])) + b"\0" * 1024
    broken = bytearray(good[: data.draw(st.integers(0, len(good)))] if data.draw(st.booleans()) else good)
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, 1535), st.integers(0, 255)), max_size=8)):
        if at < len(broken):
            broken[at] = value
    if data.draw(st.booleans()) and len(broken) >= 512:
        broken[:512] = patched(bytes(broken[:512]))
    with contextlib.suppress(ArtifactError):
        artifacts.check(gzip.compress(bytes(broken), 1), URI, max_unpacked_bytes=10_000_000)


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
