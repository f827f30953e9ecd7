from __future__ import annotations

from pathlib import Path

from include.iam.files import table, with_table
from include.iam.policy import execution_policy, lacking, unused, worker_policy
from include.iam.record import Used, merged, read_record, write_record

SAGEMAKER = "arn:aws:sagemaker:${Region}:${Account}"
ENDPOINT, CONFIG = f"{SAGEMAKER}:endpoint/${{Pipeline}}*", f"{SAGEMAKER}:endpoint-config/${{Pipeline}}*"
TAGGED = {"StringLike": {"aws:ResourceTag/sluice:pipeline": "?*"}}


def used(action: str, resource: str, *by: str, **condition: dict[str, str]) -> Used:
    return Used(action, resource, condition, frozenset(by))


RECORD = (
    used("sagemaker:UpdateEndpoint", ENDPOINT, "promote/promote: sagemaker UpdateEndpoint"),
    used("sagemaker:UpdateEndpoint", CONFIG, "promote/promote: sagemaker UpdateEndpoint"),
    used("sagemaker:DescribeEndpoint", ENDPOINT, "promote/judge: sagemaker DescribeEndpoint"),
    used("sagemaker:DescribeEndpoint", f"{SAGEMAKER}:endpoint/*", "housekeeping/h: sagemaker DescribeEndpoint"),
    used("sagemaker:DeleteEndpoint", f"{SAGEMAKER}:endpoint/*", "housekeeping/h: sagemaker DeleteEndpoint", **TAGGED),
    used("sagemaker:ListModels", "*", "housekeeping/h: sagemaker ListModels"),
    used("s3:GetObject", "arn:aws:s3:::${ModelBucket}/*", "promote/preflight: s3 GetObject"),
)


def test_actions_share_statements_and_a_wider_resource_takes_the_narrower_in() -> None:
    statements = {each["Sid"]: each for each in worker_policy(RECORD)["Statement"]}
    assert {sid: (each["Action"], each["Resource"]) for sid, each in statements.items()} == {
        "S3": (["s3:GetObject"], ["arn:aws:s3:::${ModelBucket}/*"]),
        "SagemakerEndpoint": (["sagemaker:DeleteEndpoint"], [f"{SAGEMAKER}:endpoint/*"]),
        "SagemakerEndpoint2": (["sagemaker:DescribeEndpoint"], [f"{SAGEMAKER}:endpoint/*"]),
        "SagemakerAny": (["sagemaker:ListModels"], ["*"]),
        "SagemakerEndpointConfigEndpoint": (["sagemaker:UpdateEndpoint"], [CONFIG, ENDPOINT]),
    }
    assert statements["SagemakerEndpoint"]["Condition"] == TAGGED
    assert "Condition" not in statements["SagemakerEndpoint2"]


def test_the_policy_of_a_record_lacks_nothing_of_it_and_allows_nothing_else() -> None:
    policy = worker_policy(RECORD)
    assert lacking(policy, RECORD) == ()
    assert unused(policy, RECORD) == ()


def test_what_is_lacking_is_told_with_who_needs_it() -> None:
    elsewhere = used("sagemaker:UpdateEndpoint", f"{SAGEMAKER}:endpoint/*", "rebenchmark/x: sagemaker UpdateEndpoint")
    new = used("sqs:ReceiveMessage", "arn:aws:sqs:${Region}:${Account}:${Name}", "promote/x: sqs ReceiveMessage")
    without_tag = used("sagemaker:DeleteEndpoint", ENDPOINT, "promote/x: sagemaker DeleteEndpoint")
    tagged = used("sagemaker:DeleteEndpoint", ENDPOINT, "promote/x: sagemaker DeleteEndpoint", **TAGGED)
    asked = (*RECORD, elsewhere, new, without_tag, tagged)
    assert lacking(worker_policy(RECORD), asked) == (elsewhere, new, without_tag)


def test_what_nobody_needs_is_told_with_its_statement() -> None:
    policy = worker_policy(RECORD)
    assert unused(policy, RECORD[2:]) == (
        f"SagemakerEndpointConfigEndpoint: sagemaker:UpdateEndpoint on {CONFIG}",
        f"SagemakerEndpointConfigEndpoint: sagemaker:UpdateEndpoint on {ENDPOINT}",
    )


def test_the_execution_role_has_what_the_recorded_operations_make_sagemaker_do() -> None:
    def actions(*operations: str) -> set[str]:
        record = [used("a:B", "*", f"promote/x: sagemaker {operation}") for operation in operations]
        return {action for each in execution_policy(record)["Statement"] for action in each["Action"]}

    assert actions("DescribeEndpoint") == set()
    assert {"s3:GetObject", "ecr:BatchGetImage", "logs:PutLogEvents"} <= actions("CreateModel")
    assert "s3:PutObject" not in actions("CreateModel")
    assert "s3:PutObject" in actions("CreateModel", "CreateTransformJob")
    assert actions("UpdateEndpoint") == {"cloudwatch:DescribeAlarms"}


def test_a_record_is_read_as_it_was_written_and_grows_by_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "calls.json"
    assert read_record(path) == ()
    write_record(path, RECORD)
    assert read_record(path) == merged(RECORD)
    other = used("sagemaker:ListModels", "*", "rebenchmark/x: sagemaker ListModels")
    write_record(path, merged(read_record(path), (other,)))
    (grown,) = (each for each in read_record(path) if each.action == "sagemaker:ListModels")
    assert grown.by == {"housekeeping/h: sagemaker ListModels", "rebenchmark/x: sagemaker ListModels"}
    before = path.read_bytes()
    write_record(path, reversed(read_record(path)))
    assert path.read_bytes() == before


def test_the_table_goes_between_its_marks() -> None:
    readme = with_table("# P\n<!-- table -->\nold\n<!-- end -->\nafter\n", RECORD)
    assert readme.startswith("# P\n<!-- table -->\n| action |") and readme.endswith("<!-- end -->\nafter\n")
    assert "| `sagemaker:DescribeEndpoint` | `housekeeping/h`, `promote/judge` |\n" in table(RECORD)
    assert with_table(readme, RECORD) == readme
