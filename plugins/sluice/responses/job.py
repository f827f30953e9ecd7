"""What AWS answered about recommendation jobs -> typed values."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from sluice.errors import UnexpectedAnswer
from sluice.gate.choice import MeasuredFleet
from sluice.gate.metrics import INFERENCES_PER_MILLION, Absence, Measurement, Measurements, Metric, Origin, read
from sluice.responses.resources import Answer, seconds_of, text_in

JOB_ENDED = frozenset({"COMPLETED", "FAILED", "STOPPED", "DELETED"})
JOB_WITHOUT_NUMBERS = frozenset({"FAILED", "STOPPING", "STOPPED", "DELETING", "DELETED"})
"""Job statuses from which no number will come any more: trying again takes another job name."""


@dataclass(frozen=True)
class JobState:
    """DescribeInferenceRecommendationsJob, as far as waiting is concerned."""

    job: str
    arn: str
    status: str
    failure_reason: str | None = None
    package_arn: str | None = None
    began: float | None = None
    """Seconds since the epoch."""

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return self.status in JOB_ENDED

    @property
    def completed_well(self) -> bool:
        """There are numbers to read."""
        return self.status == "COMPLETED"

    @property
    def failed(self) -> bool:
        """It ended without numbers, and nobody had stopped it."""
        return self.status == "FAILED"

    @property
    def needs_new_attempt(self) -> bool:
        """No numbers will come from this job; the next attempt needs another name (`Names.job(attempt)`)."""
        return self.status in JOB_WITHOUT_NUMBERS


def job_state(answer: Answer) -> JobState:
    """DescribeInferenceRecommendationsJob's answer -> state; UnexpectedAnswer when name, ARN or status is missing."""
    operation = "DescribeInferenceRecommendationsJob"
    return JobState(
        job=text_in(answer, "JobName", operation),
        arn=text_in(answer, "JobArn", operation),
        status=text_in(answer, "Status", operation),
        failure_reason=answer.get("FailureReason"),
        package_arn=(answer.get("InputConfig") or {}).get("ModelPackageVersionArn"),
        began=seconds_of(answer.get("CreationTime")),
    )


def measurements(answer: Answer, endpoint: str, instance_type: str) -> Measurements:
    """A completed job's answer -> what was measured on `endpoint`, and the cost of its `instance_type`.

    An existing endpoint is answered with latency and throughput only. Cost comes from the recommendation for the same
    instance type and is an estimate: a list price over a measured throughput.
    """
    job = text_in(answer, "JobName", "DescribeInferenceRecommendationsJob")
    return Measurements.of((*_of_endpoint(answer, endpoint, job), *_of_recommendation(answer, instance_type, job)))


def measured_fleets(answer: Answer, variables: Set[str] = frozenset()) -> tuple[MeasuredFleet, ...]:
    """A completed job's recommendations, as fleets that production could run on.

    Left out: serverless ones, and those that set environment variables other than `variables`. A recommendation does
    not say which container of a pipeline a variable is for, so only who wrote the pipeline can say that it is fit for
    all of them.
    """
    job = text_in(answer, "JobName", "DescribeInferenceRecommendationsJob")
    found = []
    for item in answer.get("InferenceRecommendations") or ():
        configuration = item.get("EndpointConfiguration") or {}
        instance_type = configuration.get("InstanceType")
        environment = _environment(item)
        if instance_type and environment.keys() <= variables:
            instances = configuration.get("InitialInstanceCount") or 1
            recommendation = str(item.get("RecommendationId") or "")
            numbers = _of_fleet(item, f"recommendation {recommendation or instance_type} of job {job}")
            found.append(
                MeasuredFleet(
                    recommendation=recommendation,
                    instance_type=instance_type,
                    instances=instances,
                    numbers=numbers,
                    environment=environment,
                )
            )
    return tuple(found)


def _environment(item: Answer) -> dict[str, str]:
    """What a recommendation sets in the containers."""
    parameters = (item.get("ModelConfiguration") or {}).get("EnvironmentParameters") or ()
    return {each["Key"]: each["Value"] for each in parameters}


def _of_fleet(item: Answer, source: str) -> Measurements:
    numbers = item.get("Metrics") or {}
    return Measurements.of(
        (
            read(Metric.MODEL_LATENCY_MS, numbers.get("ModelLatency"), source),
            read(Metric.MAX_INVOCATIONS_PER_MINUTE, numbers.get("MaxInvocations"), source),
            *_costs(numbers, source),
        )
    )


def _costs(numbers: Answer, source: str) -> list[Measurement | Absence]:
    per_hour = read(Metric.COST_PER_HOUR_USD, numbers.get("CostPerHour"), source, Origin.ESTIMATED)
    per_inference = read(Metric.COST_PER_MILLION_USD, numbers.get("CostPerInference"), source, Origin.ESTIMATED)
    return [per_hour, _per_million(per_inference)]


def _of_endpoint(answer: Answer, endpoint: str, job: str) -> list[Measurement | Absence]:
    source = f"EndpointPerformances of job {job}"
    members = {Metric.MODEL_LATENCY_MS: "ModelLatency", Metric.MAX_INVOCATIONS_PER_MINUTE: "MaxInvocations"}
    for performance in answer.get("EndpointPerformances") or ():
        if (performance.get("EndpointInfo") or {}).get("EndpointName") == endpoint:
            numbers = performance.get("Metrics") or {}
            return [read(metric, numbers.get(member), source) for metric, member in members.items()]
    return [Absence(metric, f"the job reported nothing for endpoint {endpoint}", source) for metric in members]


def _of_recommendation(answer: Answer, instance_type: str, job: str) -> list[Measurement | Absence]:
    source = f"recommendation {instance_type} of job {job}"
    found = _recommendation(answer, instance_type)
    if found is None:
        reason = f"the job made no recommendation for {instance_type}"
        return [Absence(metric, reason, source) for metric in (Metric.COST_PER_HOUR_USD, Metric.COST_PER_MILLION_USD)]
    return _costs(found.get("Metrics") or {}, source)


def _recommendation(answer: Answer, instance_type: str) -> Answer | None:
    """The recommendation for a type; one with changed environment variables only where there is no other."""
    of_type = [
        item
        for item in answer.get("InferenceRecommendations") or ()
        if (item.get("EndpointConfiguration") or {}).get("InstanceType") == instance_type
    ]
    as_staged = [item for item in of_type if not _environment(item)]
    return next(iter(as_staged or of_type), None)


def _per_million(per_inference: Measurement | Absence) -> Measurement | Absence:
    if isinstance(per_inference, Absence):
        return per_inference
    per_million = per_inference.value * INFERENCES_PER_MILLION
    return read(per_inference.metric, per_million, per_inference.source, per_inference.origin)


@dataclass(frozen=True)
class Scaling:
    """GetScalingConfigurationRecommendation: instances at least and at most, and AWS's target tracking policies."""

    least: int
    most: int
    scale_in_cooldown_s: int | None
    scale_out_cooldown_s: int | None
    policies: tuple[Answer, ...]
    """Each with MetricSpecification (Predefined or Customized) and TargetValue."""

    @property
    def bounds(self) -> Answer:
        """The members of RegisterScalableTarget."""
        return {"MinCapacity": self.least, "MaxCapacity": self.most}


def scaling(answer: Answer) -> Scaling:
    """GetScalingConfigurationRecommendation's answer; UnexpectedAnswer when it has no bounds or no policy."""
    found = answer.get("DynamicScalingConfiguration") or {}
    policies = tuple(each["TargetTracking"] for each in found.get("ScalingPolicies") or () if "TargetTracking" in each)
    least, most = found.get("MinCapacity"), found.get("MaxCapacity")
    if not isinstance(least, int) or not isinstance(most, int) or not policies:
        operation = "GetScalingConfigurationRecommendation"
        raise UnexpectedAnswer(operation, f"DynamicScalingConfiguration is {found!r}, without bounds or policies")
    return Scaling(least, most, found.get("ScaleInCooldown"), found.get("ScaleOutCooldown"), policies)
