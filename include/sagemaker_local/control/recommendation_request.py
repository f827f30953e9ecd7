"""The rules of a CreateInferenceRecommendationsJob request that the service model does not know."""

from __future__ import annotations

from include.sagemaker_local.control.benchmarked_endpoint import check_endpoint
from include.sagemaker_local.control.benchmarked_instances import check_instances, check_specifications
from include.sagemaker_local.control.benchmarked_model import check_model
from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.control.stopping_conditions import check_stopping_conditions
from include.sagemaker_local.control.traffic_pattern import check_traffic_pattern
from include.sagemaker_local.store.records import ModelPackageRecord
from include.sagemaker_local.wire.members import Members

_MAX_DURATION_S = 18_000  # JobDurationInSeconds in the API reference
_MAX_TESTS = 10  # of both members of ResourceLimit, in the developer guide


def check_request(call: Call) -> ModelPackageRecord | None:
    """The package that the job is for, None when it is for a model. Raises ApiError for the first broken rule."""
    request = call.request
    inputs = Members(request.raw["InputConfig"])
    _check_type(request, inputs)
    longest_s = _check_limits(inputs)
    conditions, pattern = request.structure("StoppingConditions"), inputs.structure("TrafficPattern")
    if conditions is not None:
        check_stopping_conditions(conditions)
    if pattern is not None:
        check_traffic_pattern(pattern, longest_s)
    check_instances(inputs)
    _check_output(request)
    package = check_model(call, inputs)
    check_specifications(inputs, package)
    for endpoint in inputs.structures("Endpoints"):  # the service model allows one at most
        check_endpoint(call, endpoint)
    return package


def _check_type(request: Members, inputs: Members) -> None:
    """What belongs to which type of job.

    "Load tests require that you also specify a traffic pattern and stopping conditions", on instances "that you select"
    (developer guide). That a Default job refuses a traffic pattern is our choice: it makes its own load.
    """
    if request.required("JobType") != "Advanced":
        if "TrafficPattern" in inputs:
            raise invalid(
                "InputConfig.TrafficPattern belongs to the JobType Advanced; a Default job makes its own load."
            )
        return
    for where, members, name in (
        ("InputConfig.", inputs, "TrafficPattern"),
        ("", request, "StoppingConditions"),
    ):
        if name not in members:
            raise invalid(f"A job of the JobType Advanced needs {where}{name}.")
    if not inputs.structures("EndpointConfigurations") and not inputs.structures("Endpoints"):
        raise invalid(
            "A job of the JobType Advanced needs InputConfig.EndpointConfigurations or InputConfig.Endpoints."
        )


def _check_limits(inputs: Members) -> int:
    """How long the job may take, in seconds."""
    limit = inputs.structure("ResourceLimit") or Members({})
    for name in ("MaxNumberOfTests", "MaxParallelOfTests"):
        tests = limit.integer(name)
        if tests is not None and tests > _MAX_TESTS:  # the service model has the minimum
            raise invalid(f"InputConfig.ResourceLimit.{name} is {tests}; it must be 1 to {_MAX_TESTS}.")
    duration_s = inputs.integer("JobDurationInSeconds")
    if duration_s is not None and duration_s > _MAX_DURATION_S:
        raise invalid(f"JobDurationInSeconds is {duration_s}; it can be at most {_MAX_DURATION_S}.")
    return _MAX_DURATION_S if duration_s is None else duration_s


def _check_output(request: Members) -> None:
    """The service model also allows https here, which nothing but S3 is behind on AWS either."""
    compiled = (request.structure("OutputConfig") or Members({})).structure("CompiledOutputConfig") or Members({})
    uri = compiled.text("S3OutputUri")
    if uri is not None and not uri.startswith("s3://"):
        raise invalid(f"OutputConfig.CompiledOutputConfig.S3OutputUri is {uri}; it must look like s3://bucket/prefix.")
