from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.load import payload
from include.sagemaker_local.load.payload import read_payloads

URI = "s3://models/payload.tar.gz"


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_every_file_is_one_body_in_archive_order() -> None:
    packed = archive(
        (member("rows", tarfile.DIRTYPE), b""),
        (member("rows/b.csv"), b"1,2\n"),
        (member("a.csv"), b"3,4\n"),
    )

    assert read_payloads(packed, URI, 1_000) == [b"1,2\n", b"3,4\n"]


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (b"", "invalid file type"),
        (b"not an archive at all", "invalid file type"),
        (gzip.compress(b"gzip, but no tar" * 100), "invalid file type"),
        (archive((member("a"), b"x" * 5_000))[:-40], "invalid file type"),
        (archive(), "empty payload, the archive holds no files"),
        (archive((member("d", tarfile.DIRTYPE), b"")), "empty payload, the archive holds no files"),
        (archive((member("a.csv"), b"")), "empty payload, 'a.csv' has no bytes"),
        (archive((member("l", tarfile.SYMTYPE, "/etc/passwd"), b"")), "payload not a file object, 'l'"),
        (archive((member("l", tarfile.LNKTYPE, "a"), b"")), "payload not a file object, 'l'"),
        (archive((member("f", tarfile.FIFOTYPE), b"")), "payload not a file object, 'f'"),
        (archive((member("../a.csv"), b"1")), "'../a.csv' lies outside the archive"),
        (archive((member("/a.csv"), b"1")), "'/a.csv' lies outside the archive"),
        (archive((member("big"), b"x" * 1_001)), "'big' has 1001 bytes, InvokeEndpoint takes at most 1000"),
    ],
)
def test_bad_archives_are_refused_with_the_service_s_words_and_the_reason(packed: bytes, reason: str) -> None:
    with pytest.raises(ArtifactError) as refused:
        read_payloads(packed, URI, 1_000)

    assert str(refused.value).startswith(f"PayloadError when calling InvokeEndpoint: {URI}: ")
    assert reason in str(refused.value)


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "MAX_TOTAL_BYTES", 1_500)
    packed = archive((member("a"), b"x" * 800), (member("b"), b"x" * 800))

    with pytest.raises(ArtifactError, match="hold more than 1500 bytes together"):
        read_payloads(packed, URI, 1_000)
