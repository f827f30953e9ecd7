"""Keeps what moto holds of small services, IAM and SNS, in a file each: roles and topics that were acknowledged stay.

moto's own objects are pickled as they are, since what a role or a topic consists of is moto's business. Such a file is
as trustworthy as its directory, whose owner can run code through the server anyway.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from moto.iam.models import iam_backends
from moto.sns.models import sns_backends

from include.sagemaker_local.aws.whole_file import kept_or_undone, replace_file
from include.sagemaker_local.errors import HostError

# SQS holds locks and messages, and Logs and the others are as short-lived as what they tell of.
_BACKENDS: Mapping[str, Any] = {"iam": iam_backends, "sns": sns_backends}


class BackendArchive:
    """One account's backends in every region. Safe from any thread."""

    def __init__(self, account_id: str, directory: Path) -> None:
        self._services = {name: _Service(name, account_id, directory / f"{name}.pickle") for name in _BACKENDS}

    def load(self) -> None:
        """Puts what is in the files into moto. Raises HostError for a file that cannot be read or is not ours."""
        for service in self._services.values():
            service.load()

    def keep(self) -> None:
        """Writes what moto holds, so that it survives a power cut. Raises OSError."""
        for service in self._services.values():
            service.keep()

    def change(self, service: str) -> AbstractContextManager[None]:
        """What is done to the service inside is in its file by the end, or taken back. Raises OSError."""
        known = self._services.get(service)
        return nullcontext() if known is None else known.change()


class _Service:
    """The backends of one service, of all regions together."""

    def __init__(self, name: str, account_id: str, path: Path) -> None:
        self._name = name
        self._account_id = account_id
        self._path = path
        self._lock = threading.RLock()
        self._kept = b""  # what is in the file
        self._seen = b""  # what moto held then: once read back, the same values may be pickled in another way

    def load(self) -> None:
        with self._lock:
            try:
                self._kept = self._path.read_bytes() if self._path.exists() else b""
                self._restore()
            except Exception as error:  # unpickling raises whatever another version's classes make of it
                raise HostError(f"cannot use {self._path}: {error!r}; move the file away") from error

    @contextmanager
    def change(self) -> Iterator[None]:
        with self._lock, kept_or_undone(self.keep, self._restore):
            yield

    def keep(self) -> None:
        with self._lock:
            held = self._held()
            if held != self._seen:
                replace_file(self._path, held)
                self._kept = self._seen = held

    def _restore(self) -> None:
        kept: dict[str, dict[str, Any]] = pickle.loads(self._kept) if self._kept else {}  # noqa: S301 - see above
        backends = self._backends()
        for region in {*kept, *backends}:
            backend = backends[region]
            backend.reset()
            vars(backend).update(kept.get(region, {}))
        self._seen = self._held()

    def _held(self) -> bytes:
        return pickle.dumps({region: vars(backend) for region, backend in self._backends().items()})

    def _backends(self) -> Any:
        return _BACKENDS[self._name][self._account_id]
