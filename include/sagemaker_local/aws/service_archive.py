"""Keeps what moto holds of every service on disk, besides S3's objects and CloudWatch's alarms.

After each request that may have changed something, the service that it was for, and those that it reaches, are compared
with what was written last; what differs is written in one transaction before the request is answered. What the disk
refuses, or what is no data, is taken back.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from moto.core.base_backend import BackendDict

from include.sagemaker_local.aws.cloudwatch_memory import CloudWatchMemory
from include.sagemaker_local.aws.holding import Holding
from include.sagemaker_local.aws.log_groups import CONTAINERS, MAX_CONTAINER_LINES, LogGroups, LogPlace
from include.sagemaker_local.aws.moto_values import NotData
from include.sagemaker_local.aws.queues import Queues
from include.sagemaker_local.aws.service_store import Change, ServiceStore
from include.sagemaker_local.aws.whole_service import WholeService
from include.sagemaker_local.errors import HostError

# S3 has an archive of its own, STS's credentials are worth nothing here, and the last holds no state but a random seed.
_NOT_KEPT = frozenset(("s3", "s3bucket_path", "sts", "moto_api"))
# Services whose requests change these besides themselves; those of any other service may change every one.
_REACHES: Mapping[str, frozenset[str]] = {
    "s3": frozenset(("sqs",)),
    "sns": frozenset(("sqs",)),
    **dict.fromkeys(
        ("sqs", "iam", "logs", "cloudwatch", "kms", "secretsmanager", "ssm", "dynamodb", "ecr", "sts", "s3control"),
        frozenset[str](),
    ),
}
# Their tables lie in S3, in buckets of another kind, which the archive of S3 does not know.
_CANNOT_BE_KEPT = frozenset(("s3tables",))
# What was published, which moto notes for its own tests.
_LEFT_OUT: Mapping[str, frozenset[str]] = {"sns": frozenset(("sent_notifications",))}


class ServiceArchive:
    """One account's services in every region, in one file. Safe from any thread."""

    def __init__(self, account_id: str, path: Path) -> None:
        """Raises HostError."""
        self._account_id = account_id
        self._path = path
        try:
            self._store = ServiceStore(path)
        except (OSError, sqlite3.Error) as error:
            raise HostError(f"cannot use {path}: {error}; check it and the disk's free space") from error
        self._lock = threading.RLock()
        self._logs = LogGroups(account_id)
        self._holdings: dict[str, Holding] = {"logs": self._logs}
        self._written: dict[str, Mapping[str, object]] = {}  # by service: its marks when it was last written or read
        self._undone = 0  # how often the disk has refused

    def load(self) -> None:
        """Puts what is in the file into moto. Raises HostError for a file that cannot be read or is not ours."""
        with self._lock:
            try:
                self._store.trim("logs", f'["%", "{CONTAINERS}%', MAX_CONTAINER_LINES)
                self._restore(self._store.services())
            except Exception as error:  # another version's classes raise whatever they make of it
                raise HostError(f"cannot use {self._path}: {error!r}; move the file away") from error

    def keep(self) -> None:
        """Writes what moto holds of every service. Raises sqlite3.Error or NotData."""
        with self._lock:
            self._write(self._in_use())

    @contextmanager
    def lines(self, region: str, group: str, stream: str) -> Iterator[None]:
        """Lines of a container that are put into a stream inside are in the file by the end, and synced later.

        Nothing is taken back: what the disk refuses is written with the next ones. Raises sqlite3.Error.
        """
        place = LogPlace(region, group, stream)
        with self._lock:
            yield
            written, marks = self._written.get("logs", {}), self._logs.marks_of(place)
            put = {name: self._logs.piece(name) for name, mark in marks.items() if written.get(name) != mark}
            self._store.write([Change("logs", put, grown=self._logs.growth_of(place))], synced=False)
            self._logs.grown()
            self._written["logs"] = {**written, **marks}

    @contextmanager
    def change(self, service: str, *, alone: bool = True) -> Iterator[None]:
        """What is done by a request to the service inside is in the file by the end, or taken back.

        Not `alone`: others may make changes meanwhile, since the request waits. Raises sqlite3.Error or NotData.
        """
        if service in _CANNOT_BE_KEPT:
            raise NotData(f"moto holds parts of {service} in S3")
        undone = self._undone
        with self._lock if alone else nullcontext():
            yield
            with self._lock:
                if self._undone != undone:
                    raise sqlite3.OperationalError("it was taken back with another change")
                self._keep_or_undo(service)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._store.close()

    @staticmethod
    def reaches_s3(service: str) -> bool:
        """Whether requests to the service may change objects and buckets as well."""
        return service not in _REACHES

    def _keep_or_undo(self, service: str) -> None:
        touched = {service, *_REACHES.get(service, self._in_use())}
        try:
            self._write(touched)
        except (sqlite3.Error, NotData):
            self._undone += 1
            self._restore(touched)
            raise

    def _write(self, services: Iterable[str]) -> None:
        looked_at = {name: self._holding(name) for name in services if name not in _NOT_KEPT}
        marks = {name: holding.marks() for name, holding in looked_at.items()}
        changes = [self._difference(name, holding, marks[name]) for name, holding in looked_at.items()]
        changes = [change for change in changes if change]
        if changes:
            self._store.write(changes)
        for name, holding in looked_at.items():
            holding.grown()
            self._written[name] = marks[name]

    def _difference(self, name: str, holding: Holding, marks: Mapping[str, object]) -> Change:
        written = self._written.get(name, {})
        changed = [piece for piece, mark in marks.items() if piece not in written or written[piece] != mark]
        return Change(
            name,
            put={piece: holding.piece(piece) for piece in changed},
            delete=[piece for piece in written if piece not in marks],
            grown=holding.growth(),
        )

    def _restore(self, services: Iterable[str]) -> None:
        for name in set(services) - _NOT_KEPT:
            holding = self._holding(name)
            pieces = self._store.pieces(name)
            holding.restore(pieces, self._store.journals(name))
            # What was not taken on is removed with the next change.
            self._written[name] = {**dict.fromkeys(pieces), **holding.marks()}

    def _in_use(self) -> set[str]:
        instances: Any = BackendDict._instances  # type: ignore[misc]  # one list for all services
        return {one.service_name for one in list(instances)} | self._written.keys()

    def _holding(self, name: str) -> Holding:
        if name not in self._holdings:
            self._holdings[name] = _holding_of(name, self._account_id)
        return self._holdings[name]


def _holding_of(name: str, account_id: str) -> Holding:
    if name == "sqs":
        return Queues(account_id)
    if name == "cloudwatch":
        return CloudWatchMemory(account_id)
    return WholeService(name, account_id, left_out=_LEFT_OUT.get(name, frozenset()))
