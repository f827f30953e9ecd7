"""A transform job's name and request, and what its output must be. Nothing here calls anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sluice.errors import SpecError
from sluice.naming import Names, content_name, tags
from sluice.requests.resources import tag_list
from sluice.specs.batch import BatchSpec
from sluice.specs.pipeline import PipelineSpec
from sluice.specs.service_limits import NAME_MAX

ATTEMPT_CHARS = 4
"""Room for `-2` to `-999` behind a job's name."""
OUTPUT_SUFFIX = ".out"
"""AWS: "the transform job ... appends the extension `.out`" to the name of each object."""


@dataclass(frozen=True, slots=True, order=True)
class StoredObject:
    """One object of a listing. `etag` changes with the content."""

    uri: str
    etag: str
    size: int


@dataclass(frozen=True)
class BatchWork:
    """What one job has to do: the model, the settings, and the objects as they are now."""

    spec: PipelineSpec
    names: Names
    input: str
    objects: tuple[StoredObject, ...]

    @property
    def batch(self) -> BatchSpec:
        """The spec's `batch`. Raises SpecError when there is none."""
        if self.spec.batch is None:
            raise SpecError("batch", "is missing, and says which objects to transform")
        return self.spec.batch

    @property
    def accept(self) -> str:
        """What the containers are asked to answer with."""
        return self.batch.accept or self.spec.package.response_types[0]

    def job(self, attempt: int = 1) -> str:
        """The job's name: the same for the same model, settings and objects. AWS never gives one free again."""
        listed = json.dumps([[each.uri, each.etag, each.size] for each in sorted(self.objects)])
        made_of = {
            "model": self.names.model,
            "settings": {key: value for key, value in self._settings().items() if key != "Tags"},
            "objects": hashlib.sha256(listed.encode()).hexdigest(),
        }
        stem = content_name(self.spec, "batch", made_of, NAME_MAX - ATTEMPT_CHARS)
        return stem if attempt == 1 else f"{stem}-{attempt}"

    def output(self, job: str) -> str:
        """Where a job writes: a prefix of its own, so that no older result is taken for one of its."""
        return f"{self.batch.output.rstrip('/')}/{job}/"

    def results(self, job: str) -> dict[StoredObject, str]:
        """Each object and the URI of its result: its path below the folder of `input`, with `.out` behind it."""
        folder = self.input[: self.input.rfind("/") + 1]
        return {each: self.output(job) + each.uri.removeprefix(folder) + OUTPUT_SUFFIX for each in self.objects}

    def request(self, attempt: int) -> dict[str, Any]:
        """CreateTransformJob's members."""
        job, settings = self.job(attempt), self._settings()
        written = {**settings["TransformOutput"], "S3OutputPath": self.output(job)}
        return {**settings, "TransformJobName": job, "TransformOutput": written, "Tags": tag_list(tags(self.names))}

    def _settings(self) -> dict[str, Any]:
        batch, spec = self.batch, self.spec
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": self.input}}
        content_type = batch.content_type or spec.package.content_types[0]
        settings: dict[str, Any] = {
            "ModelName": self.names.model,
            "TransformInput": {"DataSource": source, "ContentType": content_type, "SplitType": batch.split},
            "TransformOutput": {"Accept": self.accept, "AssembleWith": batch.assemble, "S3OutputPath": batch.output},
            "TransformResources": {"InstanceType": batch.instance_type, "InstanceCount": batch.instances},
            "MaxPayloadInMB": batch.max_payload_mb,
            "BatchStrategy": None if batch.split == "None" else batch.strategy,
        }
        return {member: value for member, value in settings.items() if value is not None}


def batch_work(spec: PipelineSpec, names: Names, uri: str, listed: Iterable[StoredObject]) -> BatchWork:
    """The work on the objects of `uri`; SpecError when there are none. A console's folders are no objects."""
    work = BatchWork(spec, names, uri, tuple(each for each in listed if not each.uri.endswith("/")))
    if not work.objects:
        raise SpecError("batch.input", f"there is no object under {uri}: upload some, or correct the prefix")
    return work
