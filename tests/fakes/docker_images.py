"""The test image, made without a registry: this machine's Python, the libraries that it needs, and one script.

images = make_images(engine)  # "sluice-test/contract:labelled" and ":unlabelled"
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

from include.sagemaker_local.runtime.docker_engine import DockerEngine
from include.sagemaker_local.runtime.docker_requests import BIND_TO_PORT_LABEL

LABELLED = "sluice-test/contract:labelled"
UNLABELLED = "sluice-test/contract:unlabelled"
_SCRIPT = Path(__file__).with_name("images") / "contract_server.py"
# Of the standard library, what a server does not use and what is large.
_LEFT_OUT = re.compile(
    r"/(site-packages|test|tests|__pycache__|idlelib|tkinter|ensurepip|config-.*|lib2to3|pydoc_data)$"
)
_IMPORT_BOUND_S = 120.0


async def make_images(engine: DockerEngine) -> None:
    """Imports the test image twice, with the bind-port label and without."""
    content = _packed()
    entry = f'ENTRYPOINT ["{_python()}", "/contract_server.py"]'
    for image, labels in ((LABELLED, [f"LABEL {BIND_TO_PORT_LABEL}=true"]), (UNLABELLED, [])):
        repository, _, tag = image.partition(":")
        query = {"fromSrc": "-", "repo": repository, "tag": tag, "changes": [entry, 'CMD ["train"]', *labels]}
        await engine.call("POST", "/images/create", query, content, timeout_s=_IMPORT_BOUND_S)


def _packed() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(_files()):
            archive.add(path.resolve(), arcname=str(path), recursive=False)
        archive.add(_SCRIPT, arcname="/contract_server.py")
    return buffer.getvalue()


def _files() -> set[Path]:
    python, library = _python(), Path(sysconfig.get_path("stdlib"))
    modules = set(_walk(library))
    compiled = [path for path in modules if path.suffix == ".so"]
    return {python, *modules, *_libraries([python, *compiled])}


def _walk(directory: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(directory):
        below[:] = [name for name in below if not _LEFT_OUT.search(f"{folder}/{name}")]
        yield from (Path(folder, name) for name in names)


def _libraries(binaries: list[Path]) -> set[Path]:
    """What the loader would load for them, the loader included."""
    output = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False).stdout  # noqa: S607
    return {Path(path) for path in re.findall(r"(?:=> |^\t)(/\S+) \(0x", output, re.MULTILINE)}


def _python() -> Path:
    return Path(os.path.realpath(sys.executable))
