from __future__ import annotations

import inspect
import pickle

import pytest
from sluice import deployment_errors, errors
from sluice.deployment_errors import (
    DeploymentFailed,
    DeploymentRollbackFailed,
    DeploymentRolledBack,
    EndpointNotDeleted,
)
from sluice.errors import (
    AnswerUnusable,
    ArtifactError,
    ArtifactsRefused,
    BatchFailed,
    BatchIncomplete,
    BenchmarkFailed,
    CandidatesFailed,
    EvidenceInvalid,
    EvidenceMissing,
    ModelDiffers,
    NoVersion,
    PackageFailed,
    SluiceError,
    SpecError,
    UnexpectedAnswer,
    WaitRefused,
)
from sluice.refusals import errors as service_errors
from sluice.refusals.errors import CallDenied, QuotaExceeded, RequestInvalid, ServiceBusy, ServiceRefused

ONE_OF_EACH = [
    SpecError("gate.rules[2].max", "must be a number", "iris.yaml", 7),
    ArtifactError("s3://b/model.tar.gz", "is not gzip"),
    ArtifactsRefused((ArtifactError("s3://b/model.tar.gz", "is not gzip"),)),
    ServiceRefused("CreateModel", "SomethingNew", "no such role", "iris-1"),
    CallDenied("CreateModel", "AccessDeniedException", "not authorized", "iris-1"),
    RequestInvalid("CreateModel", "ValidationException", "no such role", "iris-1"),
    QuotaExceeded("CreateEndpoint", "ResourceLimitExceeded", "ml.c5.large for endpoint usage is 0", "iris"),
    ServiceBusy("DescribeEndpoint", "ThrottlingException", "Rate exceeded"),
    UnexpectedAnswer("DescribeEndpoint", "EndpointStatus is None"),
    WaitRefused("endpoint iris", "AccessDenied"),
    PackageFailed("arn:package/1", None),
    ModelDiffers("iris-1", ("it has 1 containers, and 2 were asked for",)),
    NoVersion("iris-group", "no version before 3 is Approved"),
    DeploymentRolledBack("iris", "new", "old", None, ("[predict] boom",), ("alarm iris-5xx is in ALARM",)),
    DeploymentRollbackFailed("iris", "new", "old", "no capacity", ()),
    DeploymentFailed("iris", "new", None, "The primary container did not pass the ping health check.", ()),
    EndpointNotDeleted("iris-staging", "Deleting", "3600 s"),
    BenchmarkFailed("iris-job", "FAILED", "4xx or 5xx"),
    CandidatesFailed(("a: the job failed",)),
    AnswerUnusable("production.deployment.percent: must be 1 to 50 for canary, not 60"),
    BatchFailed("iris-batch", "Failed", "ClientError", ("[data-log] a.csv: row 2",)),
    BatchIncomplete("iris-batch", ("s3://b/a.csv has no result",)),
    EvidenceMissing("s3://b/e.json", "there is no such object"),
    EvidenceInvalid("s3://b/e.json", "it has been changed"),
]


def test_every_concrete_error_is_in_this_table_and_in_the_tree_of_the_docstring() -> None:
    bases = {"SluiceError", "BatchError", "DeploymentError", "EvidenceError"}
    modules = (errors, service_errors, deployment_errors)
    members = [member for module in modules for member in inspect.getmembers(module, inspect.isclass)]
    classes = {name for name, kind in members if issubclass(kind, SluiceError)}
    assert {type(error).__name__ for error in ONE_OF_EACH} == classes - bases
    assert all(name in (errors.__doc__ or "") for name in classes)


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_an_error_survives_the_way_between_airflows_processes(error: SluiceError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert repr(vars(copy)) == repr(vars(error))


def test_a_spec_error_leads_to_file_line_and_key() -> None:
    assert str(ONE_OF_EACH[0]) == "iris.yaml:7: gate.rules[2].max: must be a number"


@pytest.mark.parametrize(
    ("inner", "outer", "joined"),
    [("max", "[2]", "[2].max"), ("[2].max", "rules", "rules[2].max"), ("", "rules", "rules"), ("a", "", "a")],
)
def test_a_path_grows_from_the_inside_out(inner: str, outer: str, joined: str) -> None:
    assert SpecError(inner, "wrong").under(outer).path == joined


def test_a_rollback_says_what_was_asked_for_what_is_live_and_what_the_containers_wrote() -> None:
    said = str(
        DeploymentRolledBack("iris", "config-new", "config-old", None, ("[predict] Traceback", "[predict] boom"))
    )
    assert "rolled back" in said
    assert "config-new" in said
    assert "config-old" in said
    assert "AWS gave no reason" in said
    assert said.endswith("[predict] boom")


def test_only_the_last_log_lines_are_shown() -> None:
    lines = tuple(f"line {number}" for number in range(100))
    said = str(DeploymentFailed("iris", "new", None, "ping", lines))
    assert "line 99" in said
    assert "line 79" not in said
    assert "line 80" in said


BECAUSE = "because no identity-based policy allows the sagemaker:CreateModel action"
WORKER = "arn:aws:sts::123456789012:assumed-role/airflow/worker-1"
ROLE = "arn:aws:iam::123456789012:role/sluice"
MODEL = "arn:aws:sagemaker:eu-west-1:123456789012:model/iris-1"
BOOSTER = "arn:aws:s3:::models/booster.tar.gz"


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (
            CallDenied(
                "CreateModel",
                "AccessDeniedException",
                f"User: {WORKER} is not authorized to perform: sagemaker:CreateModel on resource: {MODEL} {BECAUSE}",
                "iris-1",
            ),
            f"Allow sagemaker:CreateModel on {MODEL} in a policy of {WORKER}.",
        ),
        (  # SageMaker's words as aws/amazon-sagemaker-feedback#61 quotes them
            CallDenied(
                "CreateModel",
                "AccessDeniedException",
                f"User: {WORKER} is not authorized to perform: iam:PassRole on resource: "
                f"{ROLE} because no identity-based policy allows the iam:PassRole action",
                "iris-1",
            ),
            f"Allow iam:PassRole on {ROLE} in a policy of {WORKER}.",
        ),
        (
            CallDenied(
                "CreateModel",
                "AccessDeniedException",
                f"User: {WORKER} is not authorized to perform: iam:PassRole on resource: "
                f"{ROLE} with an explicit deny in a service control policy",
                "iris-1",
            ),
            "An explicit deny in a service control policy forbids iam:PassRole on "
            f"{ROLE} to {WORKER}: allowing does not help.",
        ),
        (
            CallDenied(
                "GetObject",
                "AccessDenied",
                f'User: {WORKER} is not authorized to perform: s3:GetObject on resource: "{BOOSTER}" because no '
                "identity-based policy allows the s3:GetObject action",
                "s3://models/booster.tar.gz",
            ),
            f"Allow s3:GetObject on {BOOSTER} in a policy of {WORKER}.",
        ),
        (
            CallDenied("GetObject", "AccessDenied", "Access Denied", "s3://models/booster.tar.gz"),
            f"Allow s3:GetObject and s3:ListBucket on {BOOSTER} in the policy of the role behind the Airflow "
            "connection.",
        ),
        (
            CallDenied("NewCall", "AccessDenied", "no"),
            "Allow NewCall in the policy of the role behind the Airflow connection.",
        ),
        (
            CallDenied("CreateModel", "ExpiredToken", "The security token included in the request is expired"),
            "the credentials of the Airflow connection: renew or correct them. No policy would help.",
        ),
    ],
)
def test_a_denied_call_names_the_action_and_the_resource_to_allow(error: CallDenied, advice: str) -> None:
    assert str(error).endswith(advice)


def test_a_quota_is_named_with_its_numbers_and_capacity_is_none() -> None:
    told = (
        "The account-level service limit 'ml.g5.xlarge for endpoint usage' is 0 Instances, with current utilization of "
        "0 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this "
        "quota."
    )
    said = str(QuotaExceeded("CreateEndpoint", "ResourceLimitExceeded", told, "iris"))
    assert "The quota is 'ml.g5.xlarge for endpoint usage': 0, of which 0 are in use, and 1 more are asked for." in said
    assert "Service Quotas (Amazon SageMaker)" in said
    unnamed = str(QuotaExceeded("PutScalingPolicy", "LimitExceededException", "too many", "iris"))
    assert "AWS does not name the quota" in unnamed
    full = str(QuotaExceeded("CreateEndpoint", "InsufficientCapacity", "Unable to provision", "iris"))
    assert "choose another instance type" in full and "Service Quotas" not in full
