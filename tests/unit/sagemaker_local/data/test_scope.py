"""The declared scope of SageMaker Runtime against what the data plane does with each header of the API."""

from __future__ import annotations

import pytest

from include.sagemaker_local.data.invocation import endpoint_and_operation, is_asynchronous, read_invocation
from include.sagemaker_local.data.scope import RUNTIME_SCOPES
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.parity import service_model
from include.sagemaker_local.wire.scope import Kind

MODEL = service_model("sagemaker-runtime")
HEADERS = [
    (operation, name, shape.serialization["name"].lower())
    for operation in RUNTIME_SCOPES
    if operation != "InvokeEndpointAsync"  # it is read by the API model itself
    for name, shape in MODEL.operation_model(operation).input_shape.members.items()
    if shape.serialization.get("location") == "header"
]


@pytest.mark.parametrize(("operation", "member", "header"), HEADERS)
def test_a_header_is_refused_exactly_when_it_is_declared_so(operation: str, member: str, header: str) -> None:
    treatment = RUNTIME_SCOPES[operation].treatment(member)
    assert treatment is not None
    target = MODEL.operation_model(operation).http["requestUri"].replace("{EndpointName}", "e").encode()
    request = Request(b"POST", target, [(header.encode(), b"value")], b"")
    _, asked = endpoint_and_operation(request)
    if treatment.kind is Kind.REFUSED:
        with pytest.raises(ApiError, match=header):
            read_invocation(request, asked)
    else:
        read_invocation(request, asked)


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_an_operation_is_refused_by_name_exactly_when_it_is_not_declared(operation: str) -> None:
    http = MODEL.operation_model(operation).http
    target = http["requestUri"].replace("{EndpointName}", "e").encode()
    request = Request(http["method"].encode(), target, [], b"")
    assert is_asynchronous(request) == (operation == "InvokeEndpointAsync")
    if is_asynchronous(request):
        assert operation in RUNTIME_SCOPES
    elif operation in RUNTIME_SCOPES:
        assert endpoint_and_operation(request)[0] == "e"
    else:
        with pytest.raises(ApiError, match=operation):
            endpoint_and_operation(request)
