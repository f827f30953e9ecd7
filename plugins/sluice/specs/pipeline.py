"""What a user asks for: one inference pipeline, how it is staged, measured, judged and served.

A spec that exists is valid: every class checks itself when it is made, with AWS's own limits, so nothing later in a
run fails on a name that is too long. AWS's limits are those of the SageMaker service model (botocore
`sagemaker/2017-07-24`) unless a comment names another source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check, did_you_mean
from sluice.fields.typed import plain
from sluice.gate.decision import Rule
from sluice.specs.approval import ApprovalSpec
from sluice.specs.aws import AwsSpec, EvidenceSpec
from sluice.specs.batch import BatchSpec
from sluice.specs.benchmark import BenchmarkSpec
from sluice.specs.candidate import CandidateSpec
from sluice.specs.container import ContainerSpec, check_hostnames, overridden
from sluice.specs.deployment import DeploymentSpec
from sluice.specs.notify import Event, NotifySpec
from sluice.specs.package import PackageSpec
from sluice.specs.production import ProductionSpec
from sluice.specs.rebenchmark import RebenchmarkSpec
from sluice.specs.schedule import AssetSchedule, check_schedule
from sluice.specs.service_limits import NAME, NAME_MAX
from sluice.specs.staging import StagingSpec
from sluice.specs.watch import WatchSpec

CANDIDATES_MIN, CANDIDATES_MAX = 2, 10
"""Ours: fewer are nothing to compare, and more are a search, for which a benchmark costs too much."""


class Stage(StrEnum):
    """The two places where a pipeline runs."""

    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class GateSpec:
    """The rules between staging and production."""

    rules: Annotated[
        tuple[Rule, ...],
        Limit("Every rule must pass; at least one is needed, for no rules is not a pass.", min_items=1),
    ]
    approval: Annotated[
        ApprovalSpec | None, Limit("A person's word after the rules have passed; none is asked when left out.")
    ] = None

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Fleet:
    """An endpoint and the instances behind it."""

    stage: Stage
    endpoint: str
    instance_type: str
    instances: int


@dataclass(frozen=True, kw_only=True)
class PipelineSpec:
    """One pipeline, from artifacts to production."""

    pipeline: Annotated[
        str, Limit("Name of the pipeline; it begins every derived name.", pattern=NAME, max_length=NAME_MAX)
    ]
    schedule: Annotated[
        str | AssetSchedule | None, Limit("Cron, an Airflow preset, {assets: [...]}, or null for manual runs only.")
    ] = None
    aws: Annotated[AwsSpec, Limit("Where, and as whom, the pipeline runs.")]
    package: Annotated[PackageSpec, Limit("How the pipeline is registered.")]
    containers: Annotated[
        tuple[ContainerSpec, ...], Limit("The containers in the order of calls; 2 to 15.", min_items=2, max_items=15)
    ]
    staging: Annotated[StagingSpec, Limit("The endpoint on which the candidate is measured.")]
    benchmark: Annotated[BenchmarkSpec, Limit("The load test.")]
    gate: Annotated[GateSpec, Limit("The rules between staging and production.")]
    production: Annotated[ProductionSpec, Limit("The endpoint that serves.")]
    evidence: Annotated[EvidenceSpec, Limit("Where the record of each decision goes.")]
    batch: Annotated[
        BatchSpec | None, Limit("What the approved version transforms in batch; no such DAG when left out.")
    ] = None
    watch: Annotated[
        WatchSpec | None, Limit("Start a promotion when others register or approve a version; nothing when left out.")
    ] = None
    rebenchmark: Annotated[
        RebenchmarkSpec | None, Limit("When production's version is measured again; no such DAG when left out.")
    ] = None
    notify: Annotated[tuple[NotifySpec, ...], Limit("Who is told what; nobody when left out.")] = ()
    deadline_minutes: Annotated[
        int | None,
        Limit("Minutes after which a promotion that has not ended is told as late; none when left out.", minimum=1),
    ] = None

    candidates: Annotated[
        Mapping[str, CandidateSpec],
        Limit("Candidates that each run compares, by name; the best that passes goes on. None: the spec itself."),
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check(self)
        if self.deadline_minutes is not None and not any(Event.LATE in each.on for each in self.notify):
            raise SpecError("deadline_minutes", "is told to nobody: notify has no channel for the event late")
        check_schedule(self.schedule)
        check_hostnames(self.containers)
        if self.production.endpoint == self.staging.endpoint:
            raise SpecError(
                "production.endpoint", "must differ from staging.endpoint: the load test would hit live traffic"
            )
        _check_cost_is_known(self)
        _check_candidates(self)
        if self.benchmark.variables and not self.production.is_chosen:
            raise SpecError(
                "production.instance",
                "must be cheapest_passing where the benchmark compares environments, or none of them would be taken",
            )

    @cached_property
    def has_templates(self) -> bool:
        """Whether a text in it may be a Jinja template."""
        text = repr(self)
        return any(mark in text for mark in ("{{", "{%", "{#"))

    def serialize(self) -> Mapping[str, Any]:
        """The spec as dicts, lists and scalars, to be read and not changed: what Airflow keeps and shows of a task's
        parameter, by this method's name.
        """
        return self._as_data

    @cached_property
    def _as_data(self) -> Mapping[str, Any]:
        return dict(plain(self))

    def fleet(self, stage: Stage) -> Fleet:
        """What runs in a stage, defaults filled in."""
        if stage is Stage.STAGING:
            return Fleet(stage, self.staging.endpoint, self.staging.instance_type, self.staging.instances)
        instance_type = self.production.instance_type or self.staging.instance_type
        return Fleet(stage, self.production.endpoint, instance_type, self.production.instances)

    @property
    def is_started_by_assets(self) -> bool:
        """Whether asset events start promotions, which may then say what is promoted."""
        others = (self.rebenchmark, self.watch)
        return isinstance(self.schedule, AssetSchedule) or any(each is not None for each in others)

    @property
    def staging_endpoints(self) -> tuple[str, ...]:
        """The endpoint on which the spec is measured, and those of its candidates."""
        return (self.staging.endpoint, *(self.staging_endpoint_of(name) for name in self.candidates))

    def staging_endpoint_of(self, candidate: str) -> str:
        """Each candidate has one of its own: they are measured at the same time."""
        return f"{self.staging.endpoint}-{candidate}"

    @property
    def needs_approval(self) -> bool:
        """Whether a person has to agree before production changes."""
        return self.gate.approval is not None and self.gate.approval.required

    def deployment(self, stage: Stage) -> DeploymentSpec | None:
        """How an update of a stage's endpoint goes. Nobody is served by staging, so it is simply updated."""
        return self.production.deployment if stage is Stage.PRODUCTION else None

    def framework_of(self, container: ContainerSpec) -> tuple[str, str | None]:
        """Framework and version of a container: its own, or the package's when it names none."""
        named = container if container.framework else self.package
        return named.framework or self.package.framework, named.framework_version

    @property
    def artifact_uris(self) -> tuple[str, ...]:
        """The s3 URIs whose content decides the names: model artifacts in order, then the sample payload; each once."""
        models = [container.model_data for container in self.containers if container.model_data]
        return tuple(dict.fromkeys([*models, self.package.sample_payload]))


def _check_cost_is_known(spec: PipelineSpec) -> None:
    """A cost rule on a type without a recommendation would be inconclusive after each load test; say so before.

    Where a run chooses the fleet, it chooses among recommendations, which all have their cost.
    """
    asks_for_cost = any(rule.metric.is_cost for rule in spec.gate.rules)
    if spec.production.is_chosen or not (asks_for_cost or spec.candidates):
        return
    if spec.staging.instance_type not in spec.benchmark.instance_types:
        raise SpecError(
            "benchmark.instance_types",
            f"must hold staging's {spec.staging.instance_type}: "
            f"{'a gate rule asks for' if asks_for_cost else 'candidates are compared by'} its cost, "
            "and cost comes from the recommendation for that type",
        )


def _check_candidates(spec: PipelineSpec) -> None:
    """Ours: so that nobody finds out in the middle of a run, or compares a thing with itself."""
    if not spec.candidates:
        if spec.staging.candidates_at_once is not None:
            raise SpecError("staging.candidates_at_once", "says nothing without candidates")
        return
    if not CANDIDATES_MIN <= len(spec.candidates) <= CANDIDATES_MAX:
        number = len(spec.candidates)
        raise SpecError("candidates", f"needs {CANDIDATES_MIN} to {CANDIDATES_MAX} candidates, and has {number}")
    found: list[tuple[str, PipelineSpec]] = []
    for name, asked in spec.candidates.items():
        made = as_candidate(spec, name, asked)
        for other, before in found:
            if made.containers == before.containers:
                raise SpecError(f"candidates.{name}", f"is the same as candidates.{other}")
        found.append((name, made))


def as_candidate(spec: PipelineSpec, name: str, asked: CandidateSpec) -> PipelineSpec:
    """The spec as one of several candidates: with what it has of its own, and staged on an endpoint of its own.

    SpecError names `candidates.<name>`, as in the spec and in the parameter.
    """
    endpoint = spec.staging_endpoint_of(name)
    path = f"candidates.{name}"
    if not re.fullmatch(NAME, name) or len(endpoint) > NAME_MAX:
        raise SpecError(
            path, f"is no name of letters, digits and hyphens, or too long: {endpoint!r} would be its endpoint"
        )
    if endpoint == spec.production.endpoint:
        raise SpecError(path, f"would be staged on {endpoint}, which is the production endpoint")
    alone = replace(spec, candidates={}, staging=replace(spec.staging, endpoint=endpoint, candidates_at_once=None))
    try:
        return with_overrides(alone, asked.model_data, asked.environment, asked.image)
    except SpecError as error:
        raise SpecError(error.path.replace("params", path, 1), error.problem) from None


def with_overrides(
    spec: PipelineSpec,
    model_data: Mapping[str, str] | None = None,
    environment: Mapping[str, Mapping[str, str]] | None = None,
    image: Mapping[str, str] | None = None,
) -> PipelineSpec:
    """The spec with other artifacts, added variables or other images, keyed by hostname.

    SpecError names the parameter at fault.
    """
    asked = CandidateSpec(model_data=model_data or {}, environment=environment or {}, image=image or {})
    known = [container.hostname for container in spec.containers if container.hostname]
    for parameter, given in plain(asked).items():
        for hostname in given:
            if hostname not in known:
                hint = (
                    did_you_mean(hostname, known)
                    or f"; the spec has {', '.join(known) or 'containers without hostnames'}"
                )
                raise SpecError(f"params.{parameter}.{hostname}", f"no container has the hostname {hostname!r}{hint}")
    return replace(spec, containers=tuple(overridden(container, asked) for container in spec.containers))
