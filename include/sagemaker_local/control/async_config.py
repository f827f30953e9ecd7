"""AsyncInferenceConfig of an endpoint configuration: the rules that the service model lacks, and what it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.deployment import AsyncInference
from include.sagemaker_local.store.records import VariantRecord
from include.sagemaker_local.wire.members import Members, unsupported

_WHERE = "CreateEndpointConfig"


def check_async_config(call: Call, request: Members, variants: Iterable[VariantRecord]) -> None:
    """Raises ApiError for a configuration whose asynchronous invocations could not be answered."""
    output = Members(request.raw["AsyncInferenceConfig"]["OutputConfig"])
    if output.text("S3OutputPath") is None:
        raise invalid("AsyncInferenceConfig.OutputConfig needs an S3OutputPath.")
    for name in ("S3OutputPath", "S3FailurePath"):
        path = output.text(name)
        if path is not None and not path.startswith("s3://"):
            raise unsupported(f"{name} {path}", _WHERE, "results are written to s3:// only")
    for variant in variants:
        model = call.store.model(call.region, variant.model_name)
        if model is not None and model.direct:
            why = "InvokeEndpointAsync cannot name a container"
            raise unsupported(f"AsyncInferenceConfig with the model {model.name} of Mode Direct", _WHERE, why)


def async_inference(accepted: Mapping[str, Any]) -> AsyncInference | None:
    """What an accepted configuration says of asynchronous invocations; None when they are answered at once."""
    config = accepted.get("AsyncInferenceConfig")
    if config is None:
        return None
    output = config["OutputConfig"]
    topics = output.get("NotificationConfig") or {}
    return AsyncInference(
        output_path=output["S3OutputPath"],
        failure_path=output.get("S3FailurePath"),
        success_topic=topics.get("SuccessTopic"),
        error_topic=topics.get("ErrorTopic"),
        max_concurrent=(config.get("ClientConfig") or {}).get("MaxConcurrentInvocationsPerInstance"),
    )


def described_async(inference: AsyncInference) -> dict[str, Any]:
    """As DescribeEndpoint shows it."""
    topics = _given(SuccessTopic=inference.success_topic, ErrorTopic=inference.error_topic)
    output = _given(
        S3OutputPath=inference.output_path, S3FailurePath=inference.failure_path, NotificationConfig=topics or None
    )
    client = _given(MaxConcurrentInvocationsPerInstance=inference.max_concurrent)
    return _given(ClientConfig=client or None, OutputConfig=output)


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
