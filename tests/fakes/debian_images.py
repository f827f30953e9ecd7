"""Base images where no registry is at hand: one Debian with Python, PostgreSQL and Redis, made by debootstrap.

    images = base_images(socket)  # {"PYTHON_IMAGE": ..., "POSTGRES_IMAGE": ..., "REDIS_IMAGE": ...}

They take the places of the official images: the same users, commands and environment variables, as far as
docker-compose.yaml uses them. The file system is kept in the user's cache, since it takes two minutes to make.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from include.sagemaker_local.settings import user_environments_dir

SUITE = "bookworm"  # its Python is one that the project supports
PACKAGES = ("ca-certificates", "python3", "python3-venv", "postgresql", "redis-server")
DEBIAN, POSTGRES = "sluice-test/debian", "sluice-test/postgres"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_ENTRYPOINT = Path(__file__).with_name("images") / "postgres.sh"
_DATA = "/var/lib/postgresql/data"  # where the official image has it
_DEBIANS_DATA = "var/lib/postgresql/15/main"
# As far as a machine has settings of pip that hold elsewhere too.
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "timeout")
_DOCKERFILE = f"""
FROM {DEBIAN}:files AS python
COPY pip.conf /etc/pip.conf
COPY certificates.crt {CERTIFICATES}
FROM {DEBIAN}:files AS postgres
COPY postgres.sh /usr/local/bin/
RUN rm -rf /{_DEBIANS_DATA} && install -d -o postgres -g postgres -m 700 {_DATA}
ENV PGDATA={_DATA}
ENTRYPOINT ["/usr/local/bin/postgres.sh"]
"""


class NoImagesError(Exception):
    """The base images cannot be made here; the text says why."""


def base_images(socket: Path) -> dict[str, str]:
    """Makes them on the engine at `socket`. Raises NoImagesError."""
    docker = ["docker", "--host", f"unix://{socket}"]
    path = "PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    _run([*docker, "import", "--change", f"ENV {path}", str(_root_file_system()), f"{DEBIAN}:files"])
    for tag, target in ((DEBIAN, "python"), (POSTGRES, "postgres")):
        _run([*docker, "build", "--quiet", "--target", target, "--tag", tag, "-"], _context())
    return {"PYTHON_IMAGE": DEBIAN, "POSTGRES_IMAGE": POSTGRES, "REDIS_IMAGE": DEBIAN}


def _root_file_system() -> Path:
    """The archive of a Debian system, from the cache or made anew."""
    name = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:12]
    kept = user_environments_dir().parent / "test-images" / f"{SUITE}-{name}.tar"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        _make_root_file_system(kept)
    return kept


def _make_root_file_system(archive: Path) -> None:
    if shutil.which("debootstrap") is None:
        raise NoImagesError("debootstrap is not installed here (Debian and Ubuntu: apt-get install debootstrap)")
    root = archive.with_suffix(f".{os.getpid()}")
    try:
        _run(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root)])
        unfinished = archive.with_suffix(".part")
        left_out = ["--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*"]
        _run(
            ["tar", "--create", "--file", str(unfinished), "--numeric-owner", *left_out, "--directory", str(root), "."]
        )
        unfinished.replace(archive)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _context() -> bytes:
    """A Dockerfile and what it copies, as a tar archive."""
    buffer = io.BytesIO()
    files = {
        "Dockerfile": _DOCKERFILE.encode(),
        "pip.conf": _pip_configuration().encode(),
        "certificates.crt": CERTIFICATES.read_bytes(),
        "postgres.sh": _ENTRYPOINT.read_bytes(),
    }
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _pip_configuration() -> str:
    """What this machine's pip is told of indexes, and this machine's certificates: a company's images have theirs."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    settings = dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", said, re.MULTILINE))
    known = {name: settings[name] for name in _PIP_SETTINGS if "file:" not in settings.get(name, "file:")}
    lines = [f"{name} = {value}" for name, value in known.items()]
    return "\n".join(["[global]", f"cert = {CERTIFICATES}", *lines, ""])


def _run(command: list[str], given: bytes | None = None) -> None:
    ended = subprocess.run(command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if ended.returncode:
        last = "\n".join(ended.stdout.decode(errors="replace").splitlines()[-5:])
        raise NoImagesError(f"`{' '.join(command[:4])} ...` ended with status {ended.returncode}:\n{last}")
