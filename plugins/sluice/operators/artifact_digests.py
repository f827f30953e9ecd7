"""The digests of a pipeline's archives, read out of S3 and checked on the way."""

from __future__ import annotations

from sluice.errors import ArtifactError, ArtifactsRefused
from sluice.hook import SluiceHook
from sluice.responses.archive import Inspection, inspect
from sluice.specs.pipeline import PipelineSpec


def read_digests(hook: SluiceHook, *specs: PipelineSpec) -> dict[str, str]:
    """s3 URI -> SHA-256 (hex) of every archive that the specs name, each read once. ArtifactsRefused tells all problems
    of all.
    """
    payloads = {spec.package.sample_payload for spec in specs}
    digests: dict[str, str] = {}
    problems: list[ArtifactError] = []
    for uri in dict.fromkeys(uri for spec in specs for uri in spec.artifact_uris):
        inspection = _inspect(hook, uri)
        if uri in payloads and not inspection.files and not inspection.problems:
            inspection = Inspection(inspection.digest, 0, ("holds no file, so there is nothing to send",))
        problems += [ArtifactError(uri, problem) for problem in inspection.problems]
        digests[uri] = inspection.digest
    if problems:
        raise ArtifactsRefused(tuple(problems))
    return digests


def _inspect(hook: SluiceHook, uri: str) -> Inspection:
    hook.log.info("reading %s", uri)
    stream = hook.open_object(uri)
    return Inspection("", 0, ("there is no such object, or no such bucket",)) if stream is None else inspect(stream)
