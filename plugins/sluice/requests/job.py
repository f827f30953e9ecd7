"""Spec -> CreateInferenceRecommendationsJob. CamelCase begins here; nothing here calls anything."""

from __future__ import annotations

from collections.abc import Sequence

from sluice.errors import SpecError
from sluice.naming import Names, tags
from sluice.requests.resources import Request, tag_list
from sluice.specs.benchmark import BenchmarkSpec, EndpointConfigurationSpec, StopSpec
from sluice.specs.pipeline import PipelineSpec, Stage
from sluice.specs.traffic import TrafficSpec

JOB_DESCRIPTION_MAX = 128


def create_inference_recommendations_job(
    spec: PipelineSpec, names: Names, package_arn: str, attempt: int = 1, instance_types: Sequence[str] = ()
) -> Request:
    """A job on the existing staging endpoint, and on the instance types that are given, else those of the package.

    An Advanced job tests its configurations as well: AWS's own sample has both in one job
    (`auto-scaling/optimize_endpoint_scaling.ipynb`).
    """
    inputs: Request = {
        "ModelPackageVersionArn": package_arn,
        "Endpoints": [{"EndpointName": names.endpoint(Stage.STAGING)}],
        **_advanced(spec.benchmark, instance_types),
    }
    if instance_types:
        # API reference: "fields specified in ContainerConfig override the corresponding fields in the model package"
        inputs["ContainerConfig"] = {"SupportedInstanceTypes": list(instance_types)}
    request: Request = {
        "JobName": names.job(attempt),
        "JobType": spec.benchmark.job_type,
        "RoleArn": spec.aws.role,
        "JobDescription": f"Sluice: {spec.pipeline}, attempt {attempt}"[:JOB_DESCRIPTION_MAX],
        "InputConfig": inputs,
        "Tags": tag_list(tags(names)),
    }
    if spec.benchmark.stop:
        request["StoppingConditions"] = _stopping_conditions(spec.benchmark.stop)
    return request


def _stopping_conditions(stop: StopSpec) -> Request:
    conditions: Request = {}
    if stop.latency is not None:
        threshold = {"Percentile": stop.latency.percentile, "ValueInMilliseconds": stop.latency.ms}
        conditions["ModelLatencyThresholds"] = [threshold]
    if stop.max_invocations is not None:
        conditions["MaxInvocations"] = stop.max_invocations
    if stop.flat_invocations is not None:
        conditions["FlatInvocations"] = stop.flat_invocations
    return conditions


def _advanced(benchmark: BenchmarkSpec, instance_types: Sequence[str]) -> Request:
    """The members of InputConfig that only an Advanced job has; none for a Default job.

    It tests each of `instance_types` that is in none of its configurations as it is. Raises SpecError when that makes
    more tests than a job may.
    """
    if benchmark.traffic is None:
        return {}
    configurations = benchmark.configurations_with(instance_types)
    tests = sum(each.tests for each in configurations)
    if len(configurations) > len(benchmark.configurations) and tests > benchmark.most_tests:
        problem = f"makes {tests} tests with those of benchmark, of at most {benchmark.most_tests}"
        raise SpecError("rebenchmark.instance_types", problem)
    inputs: Request = {
        "TrafficPattern": _traffic_pattern(benchmark.traffic),
        "EndpointConfigurations": [_configuration(each) for each in configurations],
    }
    if benchmark.job_duration_in_seconds is not None:
        inputs["JobDurationInSeconds"] = benchmark.job_duration_in_seconds
    if benchmark.resource_limit is not None:
        limit = benchmark.resource_limit
        most = {"MaxNumberOfTests": limit.max_number_of_tests, "MaxParallelOfTests": limit.max_parallel_of_tests}
        inputs["ResourceLimit"] = {member: value for member, value in most.items() if value is not None}
    return inputs


def _traffic_pattern(traffic: TrafficSpec) -> Request:
    if traffic.stairs is not None:
        stairs = {
            "DurationInSeconds": traffic.stairs.duration_in_seconds,
            "NumberOfSteps": traffic.stairs.number_of_steps,
            "UsersPerStep": traffic.stairs.users_per_step,
        }
        return {"TrafficType": "STAIRS", "Stairs": stairs}
    phases = [
        {
            "InitialNumberOfUsers": phase.initial_number_of_users,
            "SpawnRate": phase.spawn_rate,
            "DurationInSeconds": phase.duration_in_seconds,
        }
        for phase in traffic.phases or ()
    ]
    return {"TrafficType": "PHASES", "Phases": phases}


def _configuration(wanted: EndpointConfigurationSpec) -> Request:
    ranges = [{"Name": name, "Value": list(values)} for name, values in wanted.environment_ranges.items()]
    varied = {"EnvironmentParameterRanges": {"CategoricalParameterRanges": ranges}} if ranges else {}
    return {"InstanceType": wanted.instance_type, **varied}
