"""docs/parity.md says what the server does: both come from the same declarations, and those fit botocore's models."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from botocore.model import Shape

from include.sagemaker_local.aws import scope as aws
from include.sagemaker_local.aws.cloudwatch import CloudWatch
from include.sagemaker_local.aws.cloudwatch_logs import Logs
from include.sagemaker_local.control.plane import OPERATIONS, SCALING_OPERATIONS
from include.sagemaker_local.control.scope import SCALING_SCOPES, SCOPES
from include.sagemaker_local.data.scope import RUNTIME_SCOPES
from include.sagemaker_local.parity import COMMAND, DOCUMENT, document, service_model, treatments
from include.sagemaker_local.wire.scope import Scope

IN_SCOPE = [
    *(("sagemaker", name, scope) for name, scope in SCOPES.items()),
    *(("application-autoscaling", name, scope) for name, scope in SCALING_SCOPES.items()),
    *(("sagemaker-runtime", name, scope) for name, scope in RUNTIME_SCOPES.items()),
]


def member(shape: Shape | None, path: str) -> Shape | None:
    """The shape of the member at `path`, None when there is none."""
    for name in path.split("."):
        while shape is not None and shape.type_name == "list":
            shape = shape.member
        shape = shape.members.get(name) if shape is not None and shape.type_name == "structure" else None
    return shape


def test_the_document_is_as_the_declarations_say() -> None:
    present = DOCUMENT.read_text(encoding="utf-8")
    assert document(present) == present, f"docs/parity.md is not as the code says; run `{COMMAND}` and commit it"


def test_every_operation_that_is_served_is_declared_and_no_other() -> None:
    assert set(SCOPES) == set(OPERATIONS)
    assert set(SCALING_SCOPES) == set(SCALING_OPERATIONS)


@pytest.mark.parametrize(("service", "operation", "scope"), IN_SCOPE, ids=[name for _, name, _ in IN_SCOPE])
def test_declarations_fit_the_service_model(service: str, operation: str, scope: Scope) -> None:
    model = service_model(service).operation_model(operation)
    unknown = [path for path in scope.members if member(model.input_shape, path) is None]
    assert unknown == [], "declared, but the API has no such member"
    undeclared = [path for path in treatments(model.input_shape, scope) if scope.treatment(path) is None]
    assert undeclared == [], f"declare them in the operation's scope, then run `{COMMAND}`"
    answered: Mapping[str, Shape] = model.output_shape.members if model.output_shape else {}
    assert set(scope.never_answered) <= set(answered)


@pytest.mark.parametrize(("service", "answering"), [("cloudwatch", CloudWatch), ("logs", Logs)])
def test_what_differs_from_moto_is_declared(service: str, answering: type) -> None:
    overridden = {name.replace("_", "") for name in vars(answering) if not name.startswith("_")}
    declared = {name.lower() for name in aws.OPERATIONS[service]}
    assert overridden == declared
    assert set(aws.OPERATIONS[service]) <= set(service_model(service).operation_names)
