"""What a run of a promotion is asked for, by its parameters or by the asset events that started it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any

from sluice.errors import SpecError
from sluice.evidence.rebenchmark import FindingKind
from sluice.fields.limits import Limit, check, did_you_mean
from sluice.fields.typed import build, plain
from sluice.specs.candidate import CandidateSpec
from sluice.specs.measuring import Measuring
from sluice.specs.pipeline import CANDIDATES_MAX, PipelineSpec, as_candidate, with_overrides
from sluice.specs.schedule import AssetSchedule
from sluice.specs.service_limits import PACKAGE_ARN


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """The parameters of a run that say what is promoted; an event's extra has them under the same names."""

    model_data: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    candidates: Mapping[str, CandidateSpec] = field(default_factory=dict)
    model_package_arn: Annotated[str | None, Limit("ARN of a registered version.", pattern=PACKAGE_ARN)] = None

    def __post_init__(self) -> None:
        check(self)
        if self.model_package_arn and (self.model_data or self.environment or self.candidates):
            raise SpecError(
                "model_package_arn", "takes a version as it is: leave model_data, environment and candidates out"
            )

    def merged(self, later: RunRequest) -> RunRequest:
        """Both requests as one; where they speak of the same hostname, or candidate, the later one holds."""
        return RunRequest(
            model_data={**self.model_data, **later.model_data},
            environment={**self.environment, **later.environment},
            candidates={**self.candidates, **later.candidates},
            model_package_arn=later.model_package_arn or self.model_package_arn,
        )

    def to_xcom(self) -> dict[str, Any]:
        """As a dict with KEYS; `model_package_arn` is empty when no version is named."""
        return {**plain(self), "model_package_arn": self.model_package_arn or ""}


KEYS = tuple(each.name for each in fields(RunRequest))
CANDIDATES = "candidates"


def keys_of(spec: PipelineSpec) -> tuple[str, ...]:
    """Those of KEYS that runs of this pipeline have as parameters: all, or all but the one for several candidates."""
    return tuple(key for key in KEYS if key != CANDIDATES or spec.candidates)


def asked_candidates(
    spec: PipelineSpec, candidates: Mapping[str, CandidateSpec], of_all: CandidateSpec
) -> dict[str, CandidateSpec]:
    """Each candidate with what the run has for all of them. SpecError names the key of one that fits nothing."""
    if len(candidates) > CANDIDATES_MAX:
        raise SpecError(CANDIDATES, f"may be at most {CANDIDATES_MAX}, as in a spec, and are {len(candidates)}")
    wanted = {name: own.over(of_all) for name, own in candidates.items()}
    for name, asked in wanted.items():
        as_candidate(spec, name, asked)
    return wanted


@dataclass(frozen=True, kw_only=True)
class AssetEvent:
    """One update of an Airflow asset. `at` is ISO 8601."""

    asset: str
    at: str
    extra: Mapping[str, Any]


def request_in(event: AssetEvent, spec: PipelineSpec) -> RunRequest:
    """What an event's extra asks for. Other keys than KEYS are its DAG's own business.

    Raises SpecError, which names asset and key, for what a parameter of that name would be refused for.
    """
    asked = {key: event.extra[key] for key in KEYS if event.extra.get(key)}
    try:
        request = build(RunRequest, asked)
        with_overrides(spec, request.model_data, request.environment)
        if request.candidates and not spec.candidates:
            raise SpecError(
                CANDIDATES, "says nothing to a pipeline whose spec has no candidates: name some there first"
            )
        of_all = CandidateSpec(model_data=request.model_data, environment=request.environment)
        asked_candidates(spec, request.candidates, of_all)
    except SpecError as error:
        path = f"asset {event.asset}: extra.{error.path.removeprefix('params.')}"
        raise SpecError(path, error.problem) from None
    return request


def likely_slips(event: AssetEvent) -> tuple[str, ...]:
    """A warning for each key that is nearly one of KEYS, and as it is says nothing."""
    hints = ((key, did_you_mean(key, KEYS)) for key in event.extra if key not in KEYS)
    return tuple(f"asset {event.asset}: extra.{key} says nothing to a promotion{hint}" for key, hint in hints if hint)


def is_of_training(spec: PipelineSpec, event: AssetEvent) -> bool:
    """Whether it updates one of the assets in `schedule.assets`."""
    return isinstance(spec.schedule, AssetSchedule) and event.asset in spec.schedule.assets


def training_request(spec: PipelineSpec, events: Iterable[AssetEvent]) -> RunRequest | None:
    """What the updates of the assets in `schedule.assets` ask for together, the latest holding where they differ.

    None unless all of them have been updated: Airflow hands a run that another asset started what there is of them.
    """
    schedule = spec.schedule
    if not isinstance(schedule, AssetSchedule):
        return None
    theirs = sorted((each for each in events if each.asset in schedule.assets), key=lambda each: each.at)
    if {each.asset for each in theirs} != set(schedule.assets):
        return None
    return _together([request_in(each, spec) for each in theirs])


@dataclass(frozen=True, kw_only=True)
class FoundAgain:
    """What an update of the findings' asset says: measured again, production's version is worth a promotion."""

    pipeline: str
    package_arn: Annotated[str, Limit("ARN of the version that was measured.", pattern=PACKAGE_ARN)]
    job: str
    instance_types: tuple[str, ...]
    findings: tuple[FindingKind, ...]

    def __post_init__(self) -> None:
        check(self)

    def why_not(self, spec: PipelineSpec, live: str | None) -> str | None:
        """Why this is nothing for the pipeline to promote; `live` is the version that production serves."""
        if self.pipeline != spec.pipeline:
            return f"it is about the pipeline {self.pipeline}"
        if self.package_arn != live:
            return f"it is about {self.package_arn}, and production serves {live or 'nothing'} by now"
        if set(self.findings) == {FindingKind.CHEAPER} and not spec.production.is_chosen:
            return (
                "the spec says on which instances production runs: name the cheaper ones in production.instance_type, "
                "or let runs choose with 'production.instance: cheapest_passing'"
            )
        return None

    @property
    def measuring(self) -> Measuring:
        """The promotion's own measurement, of the same instance types; the finding might have been a bad day's."""
        return Measuring(round=self.job, instance_types=self.instance_types)


def found_again(event: AssetEvent) -> FoundAgain:
    """An event of the findings' asset. Raises SpecError when its extra is not what `open_promotion` writes."""
    known = {each.name for each in fields(FoundAgain)}
    try:
        return build(FoundAgain, {key: value for key, value in event.extra.items() if key in known})
    except SpecError as error:
        raise error.under(f"asset {event.asset}: extra") from None


def _together(requests: Sequence[RunRequest]) -> RunRequest:
    request = RunRequest()
    for later in requests:
        request = request.merged(later)
    return request
