"""Files named by the SHA-256 of their content: written once, complete or not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from include.sagemaker_local.aws.whole_file import replace_file, sync_directory


class BlobFiles:
    """Content-addressed files below one directory. Every method may raise OSError."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Stores `content` so that it survives a power cut, and returns its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if path.exists() and path.stat().st_size == len(content):
            return sha256
        path.parent.mkdir(exist_ok=True)
        replace_file(path, content)
        sync_directory(self._directory)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The content. Raises FileNotFoundError when it is not there."""
        return self.path(sha256).read_bytes()

    def delete(self, sha256: str) -> None:
        """Removes it; it may be absent."""
        self.path(sha256).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where it lies. Two levels, so that no directory grows to many thousands of entries."""
        return self._directory / sha256[:2] / sha256

    def delete_all_but(self, wanted: set[str]) -> None:
        """Removes what a crash between a file and its row left over."""
        for path in list(self._directory.glob("??/*")):
            if path.name not in wanted:
                path.unlink(missing_ok=True)
