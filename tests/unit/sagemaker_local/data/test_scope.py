"""The declared scope of SageMaker Runtime against what the data plane does with each header of the API."""

from __future__ import annotations

import pytest

from include.sagemaker_local.data.invocation import endpoint_name, read_invocation
from include.sagemaker_local.data.scope import RUNTIME_SCOPES
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.parity import service_model
from include.sagemaker_local.wire.scope import Kind

MODEL = service_model("sagemaker-runtime")
HEADERS = {
    name: shape.serialization["name"].lower()
    for name, shape in MODEL.operation_model("InvokeEndpoint").input_shape.members.items()
    if shape.serialization.get("location") == "header"
}


@pytest.mark.parametrize("member", HEADERS)
def test_a_header_is_refused_exactly_when_it_is_declared_so(member: str) -> None:
    treatment = RUNTIME_SCOPES["InvokeEndpoint"].treatment(member)
    assert treatment is not None
    header = (HEADERS[member].encode(), b"value")
    request = Request(b"POST", b"/endpoints/e/invocations", [header], b"")
    if treatment.kind is Kind.REFUSED:
        with pytest.raises(ApiError, match=HEADERS[member]):
            read_invocation(request)
    else:
        read_invocation(request)


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_an_operation_is_refused_by_name_exactly_when_it_is_not_declared(operation: str) -> None:
    http = MODEL.operation_model(operation).http
    target = http["requestUri"].replace("{EndpointName}", "e").encode()
    request = Request(http["method"].encode(), target, [], b"")
    if operation in RUNTIME_SCOPES:
        assert endpoint_name(request) == "e"
    else:
        with pytest.raises(ApiError, match=operation):
            endpoint_name(request)
