"""The files of a transform job, shared out among the instances of its fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.transform_batches import Batch, batches
from include.sagemaker_local.jobs.transform_instance import InstanceClient
from include.sagemaker_local.jobs.transform_output import assembled
from include.sagemaker_local.jobs.transform_request import TransformRequest
from include.sagemaker_local.jobs.transform_source import read_file
from include.sagemaker_local.jobs.transform_tuning import Requests
from include.sagemaker_local.objects import ObjectLister


@dataclass(frozen=True, slots=True)
class FileResult:
    """How one file ended: with its results, or with the error that its first failed request met."""

    uri: str
    content: bytes = b""
    error: LocalSageMakerError | None = None


Failed: TypeAlias = Callable[[int, str, LocalSageMakerError], Awaitable[None]]
"""Is told at once of a file that has failed: on which instance, which, and why."""


@dataclass(frozen=True, slots=True)
class FileWork:
    """What all files of a job have in common."""

    request: TransformRequest
    requests: Requests
    objects: ObjectLister
    failed: Failed


async def transform_files(uris: Sequence[str], instances: Sequence[InstanceClient], work: FileWork) -> list[FileResult]:
    """The results of all files, in their order. An instance takes the next file whenever it has a request to spare.

    A file is transformed by one instance alone, and its failure is no other file's. Cancelled, it leaves no request.
    """
    left = iter(enumerate(uris))
    results: dict[int, FileResult] = {}
    async with asyncio.TaskGroup() as group:
        for position, instance in enumerate(instances):
            worker = _Worker(position, instance, work)
            for _ in range(work.requests.max_concurrent):
                group.create_task(worker.take(left, results))
    return [results[number] for number in sorted(results)]


class _Worker:
    """One instance and the requests that it may be sent at the same time."""

    def __init__(self, position: int, instance: InstanceClient, work: FileWork) -> None:
        self._position = position
        self._instance = instance
        self._work = work
        self._slots = asyncio.Semaphore(work.requests.max_concurrent)

    async def take(self, left: Iterator[tuple[int, str]], results: dict[int, FileResult]) -> None:
        """Transform files until none is left."""
        for number, uri in left:
            try:
                results[number] = FileResult(uri, await self._transform(uri))
            except LocalSageMakerError as error:
                results[number] = FileResult(uri, error=error)
                await self._work.failed(self._position, uri, error)

    async def _transform(self, uri: str) -> bytes:
        # In threads: a file may have a million records, and other requests are being served meanwhile.
        parts = await asyncio.to_thread(self._cut, uri)
        answers = await self._ask_all(parts)
        return await asyncio.to_thread(assembled, parts, answers, self._work.request)

    def _cut(self, uri: str) -> list[Batch]:
        content = read_file(uri, self._work.objects, unpack=self._work.request.gzip)
        return batches(content, self._work.request, self._work.requests)

    async def _ask_all(self, parts: Sequence[Batch]) -> list[bytes]:
        """One answer a batch. The first that fails ends the others."""
        answers = [b""] * len(parts)
        left = iter(enumerate(parts))

        async def consume() -> None:
            for number, batch in left:
                async with self._slots:
                    answers[number] = await self._instance.ask(batch.body)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._work.requests.max_concurrent, len(parts))):
                    group.create_task(consume())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return answers
