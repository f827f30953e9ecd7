"""Names from content: whoever runs the same pipeline again meets what the first run made, and nothing twice.

Every name is `<pipeline>-...-<12 hex>`. The hex digits are a SHA-256 over all that the named thing is made of, so the
same input gives the same name, and any change gives another one. Nothing here asks the clock or the service.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sluice.errors import ArtifactError
from sluice.fields.typed import plain
from sluice.specs.measuring import Measuring
from sluice.specs.pipeline import Fleet, PipelineSpec, Stage
from sluice.specs.service_limits import NAME_MAX

VARIANT = "AllTraffic"
"""The one variant of every endpoint: a recommendation job refuses an endpoint with more."""
DIGEST_CHARS = 12
"""48 bits: among a million versions of one pipeline the chance of two equal names is 1 in 500."""
JOB_NAME_MAX = 64
ATTEMPT_CHARS = 4
"""Room for `-2` to `-999` behind a job's name."""
CLIENT_TOKEN_MAX = 36
RUN_SLUG_MAX = 60
"""Keeps the evidence URI within 256 characters, the most that a package's metadata value may have."""
PIPELINE = "sluice:pipeline"
STAGE = "sluice:stage"
CONTENT = "sluice:content"
EVIDENCE_URI = "sluice:evidence"
EVIDENCE_SHA256 = "sluice:evidence-sha256"
VERDICT = "sluice:verdict"
WITHDRAWN = "sluice:withdrawn"
ROLLBACK_URI = "sluice:rollback"
ROLLBACK_SHA256 = "sluice:rollback-sha256"
"""Keys of tags and of a package version's CustomerMetadataProperties."""
CONTENT_SCHEMA = "sluice.content/2"
"""Part of every content hash; a new number when the meaning of the hash changes."""

_DESCRIPTION = re.compile(r"content sha256:([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Names:
    """Every name of one candidate."""

    pipeline: str
    content: str
    """SHA-256 (64 hex digits) of all that makes the package version."""
    package_group: str
    model: str
    staging_endpoint: str
    staging_config: str
    production_endpoint: str
    production_config: str
    job_stem: str
    """Name of the first recommendation job; `job` adds the attempt."""

    def endpoint(self, stage: Stage) -> str:
        """The endpoint of a stage."""
        return self.staging_endpoint if stage is Stage.STAGING else self.production_endpoint

    def config(self, stage: Stage) -> str:
        """The endpoint config that this candidate has in a stage."""
        return self.staging_config if stage is Stage.STAGING else self.production_config

    def job(self, attempt: int = 1) -> str:
        """The recommendation job's name (at most 64 characters).

        Attempt 1 is the plain name. A further attempt is for when the job of the one before ended FAILED or STOPPED:
        AWS never gives a job's name free again.
        """
        return self.job_stem if attempt == 1 else f"{self.job_stem}-{attempt}"


def pipeline_content(spec: PipelineSpec, artifact_digests: Mapping[str, str]) -> str:
    """SHA-256 (64 hex digits) over all that a package version holds, with the artifacts' digests.

    `artifact_digests` maps each s3 URI of `spec.artifact_uris` to a digest of its bytes; ArtifactError where one is
    missing. The URIs count too: a package points at URIs, and the same URI may hold other bytes tomorrow.
    """
    package = spec.package
    return _sha256(
        {
            "schema": CONTENT_SCHEMA,
            "containers": [
                {
                    "hostname": container.hostname,
                    "image": container.image,
                    "model_data": container.model_data,
                    "digest": _digest(artifact_digests, container.model_data) if container.model_data else None,
                    "environment": dict(container.environment),
                    "framework": spec.framework_of(container),
                }
                for container in spec.containers
            ],
            "domain": package.domain,
            "task": package.task,
            "content_types": package.content_types,
            "response_types": package.response_types,
            "sample_payload": package.sample_payload,
            "instance_types": spec.benchmark.instance_types,
        }
    )


def names_for(spec: PipelineSpec, artifact_digests: Mapping[str, str], measuring: Measuring | None = None) -> Names:
    """Every name of the candidate that `spec` describes with these artifacts (see `pipeline_content`).

    Measured again, it has another job and all other names as they were.
    """
    content = pipeline_content(spec, artifact_digests)
    model = content_name(spec, "", {"content": content, "group": spec.package.group, "role": spec.aws.role})
    staging = _config_name(spec, model, spec.fleet(Stage.STAGING))
    return Names(
        pipeline=spec.pipeline,
        content=content,
        package_group=spec.package.group,
        model=model,
        staging_endpoint=spec.staging.endpoint,
        staging_config=staging,
        production_endpoint=spec.production.endpoint,
        production_config=_config_name(spec, model, spec.fleet(Stage.PRODUCTION)),
        job_stem=_job_stem(spec, staging, _digest(artifact_digests, spec.package.sample_payload), measuring),
    )


def _config_name(spec: PipelineSpec, model: str, fleet: Fleet) -> str:
    made_of = {"model": model, "instance_type": fleet.instance_type, "instances": fleet.instances}
    return content_name(spec, fleet.stage.value, made_of)


def _job_stem(spec: PipelineSpec, staging_config: str, payload_digest: str, measuring: Measuring | None) -> str:
    stop = spec.benchmark.stop
    made_of: dict[str, object] = {
        "staging_endpoint": spec.staging.endpoint,
        "staging_config": staging_config,
        "payload": payload_digest,
        "job_type": spec.benchmark.job_type,
        "stop": [stop.latency.percentile, stop.latency.ms] if stop and stop.latency else None,
    }
    if stop and (stop.max_invocations or stop.flat_invocations):
        made_of["stop_at"] = [stop.max_invocations, stop.flat_invocations]
    if spec.benchmark.is_advanced:
        of_job = (spec.benchmark.traffic, spec.benchmark.configurations, spec.benchmark.resource_limit)
        made_of["advanced"] = [*map(plain, of_job), spec.benchmark.job_duration_in_seconds]
    longest = JOB_NAME_MAX - ATTEMPT_CHARS
    if measuring is None:
        return content_name(spec, "", made_of, longest)
    again = {**made_of, "round": measuring.round, "instance_types": measuring.instance_types}
    return content_name(spec, "again", again, longest)


def twin_endpoint(spec: PipelineSpec) -> str:
    """The endpoint on which production's version is measured again; never that of a promotion."""
    return content_name(spec, "twin", {"production": spec.production.endpoint, "staging": spec.staging.endpoint})


def content_name(spec: PipelineSpec, middle: str, made_of: Mapping[str, object], longest: int = NAME_MAX) -> str:
    """`<pipeline>-<middle>-<digest of made_of>`, at most `longest` characters; for a thing that is made of that."""
    digest = _sha256({"pipeline": spec.pipeline, "of": made_of})[:DIGEST_CHARS]
    tail = f"-{middle}-{digest}" if middle else f"-{digest}"
    # A cut may end in a hyphen; AWS's pattern would take it, people would stumble over it.
    return spec.pipeline[: longest - len(tail)].rstrip("-") + tail


def _digest(digests: Mapping[str, str], uri: str) -> str:
    digest = digests.get(uri)
    if not digest:
        raise ArtifactError(uri, "its digest is not known, and without it no name can be made")
    return digest


def _sha256(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def client_token(*parts: str) -> str:
    """An idempotency token for one request (36 hex digits): same parts, same token."""
    return _sha256(parts)[:CLIENT_TOKEN_MAX]


def evidence_uri(spec: PipelineSpec, names: Names, run_id: str) -> str:
    """s3 URI of the evidence document of one DAG run; a cleared task overwrites its own run's document only."""
    return f"{_evidence_of(spec)}/{names.content[:DIGEST_CHARS]}/{_slug(run_id)}.json"


def rebenchmark_uri(spec: PipelineSpec, names: Names, run_id: str) -> str:
    """The same of a run that measured production's version again."""
    return f"{_evidence_of(spec)}/{names.content[:DIGEST_CHARS]}/rebenchmark/{_slug(run_id)}.json"


def rollbacks_prefix(spec: PipelineSpec) -> str:
    """s3 prefix, with a slash at its end, of the records of all rollbacks of a pipeline."""
    return f"{_evidence_of(spec)}/rollbacks/"


def rollback_uri(spec: PipelineSpec, run_id: str) -> str:
    """s3 URI of the record of one rollback."""
    return f"{rollbacks_prefix(spec)}{_slug(run_id)}.json"


def _evidence_of(spec: PipelineSpec) -> str:
    return f"{spec.evidence.prefix.rstrip('/')}/{spec.pipeline}"


def _slug(run_id: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id)[:RUN_SLUG_MAX]
    if slug != run_id:  # two run ids may have the same slug
        slug = f"{slug}-{_sha256(run_id)[:8]}"
    return slug


def tags(names: Names, stage: Stage | None = None) -> dict[str, str]:
    """Tags of what belongs to one candidate: sluice:pipeline, sluice:content, and sluice:stage where given."""
    return {**standing_tags(names.pipeline, stage), CONTENT: names.content}


def standing_tags(pipeline: str, stage: Stage | None = None) -> dict[str, str]:
    """Tags of what outlives a candidate (package group, endpoints): its content changes, so none is named."""
    tagged = {PIPELINE: pipeline}
    if stage is not None:
        tagged[STAGE] = stage.value
    return tagged


def package_description(content: str) -> str:
    """`content sha256:<hex>`: the description by which ListModelPackages alone finds an existing version."""
    return f"content sha256:{content}"


def content_in(description: str | None) -> str | None:
    """The inverse of `package_description`; None when the description is not one of ours."""
    found = _DESCRIPTION.fullmatch(description or "")
    return found.group(1) if found else None
