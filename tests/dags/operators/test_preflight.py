from __future__ import annotations

from typing import Any

import pytest
from sluice.errors import ArtifactsRefused, SpecError
from sluice.operators.candidate import Candidate
from sluice.operators.preflight import PreflightOperator

from tests.fakes.archives import tar_gz
from tests.fakes.candidates import aws_with_artifacts
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws


def test_digests_and_content_of_good_artifacts() -> None:
    spec, aws = a_spec(), aws_with_artifacts()
    result = DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=spec))
    assert set(result["digests"]) == set(spec.artifact_uris)
    assert len(result["content"]) == 64
    assert aws.calls == []


def test_other_bytes_are_another_content() -> None:
    aws = aws_with_artifacts()
    operator = PreflightOperator(task_id="preflight", pipeline=a_spec())
    before = DagRunOnFakeAws(aws).run(operator)["content"]
    aws.objects[a_spec().artifact_uris[0]] = tar_gz({"other": b"bytes"})
    assert DagRunOnFakeAws(aws).run(operator)["content"] != before


def test_every_problem_is_in_one_error_and_nothing_is_created() -> None:
    spec, aws = a_spec(), aws_with_artifacts()
    first, second, payload = spec.artifact_uris
    del aws.objects[first]
    aws.objects[second] = tar_gz({"../../etc/passwd": b"x"}, links={"model": "/etc/shadow"})
    aws.objects[payload] = b"plain text"
    with pytest.raises(ArtifactsRefused) as refused:
        DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=spec))
    said = str(refused.value)
    for piece in (f"{first}: there is no such object", "../../etc/passwd", "link to '/etc/shadow'", "is not gzip"):
        assert piece in said
    assert aws.calls == []


def test_a_payload_without_files_is_refused() -> None:
    aws = aws_with_artifacts()
    aws.objects[a_spec().package.sample_payload] = tar_gz_of_nothing()
    with pytest.raises(ArtifactsRefused, match="nothing to send"):
        DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=a_spec()))


def test_overrides_as_json_text_change_the_candidate() -> None:
    aws = aws_with_artifacts()
    aws.objects["s3://models/other/model.tar.gz"] = tar_gz({"m": b"2"})
    operator = PreflightOperator(
        task_id="preflight",
        pipeline=a_spec(),
        model_data='{"predict": "s3://models/other/model.tar.gz"}',
        environment='{"predict": {"THREADS": "2"}}',
    )
    result = DagRunOnFakeAws(aws).run(operator)
    candidate = Candidate.from_xcom(operator.spec, result)
    assert candidate.spec.containers[1].model_data == "s3://models/other/model.tar.gz"
    assert candidate.spec.containers[1].environment["THREADS"] == "2"


def test_an_override_for_a_container_that_is_not_there() -> None:
    operator = PreflightOperator(
        task_id="preflight", pipeline=a_spec(), model_data={"predikt": "s3://models/o/m.tar.gz"}
    )
    with pytest.raises(SpecError, match=r"params\.model_data\.predikt"):
        DagRunOnFakeAws(aws_with_artifacts()).run(operator)


def test_a_spec_changed_during_a_run_is_noticed() -> None:
    aws = aws_with_artifacts()
    operator = PreflightOperator(task_id="preflight", pipeline=a_spec())
    result = DagRunOnFakeAws(aws).run(operator)
    changed = PreflightOperator(task_id="x", pipeline=a_spec(containers__0__image="another:2")).spec
    with pytest.raises(SpecError, match="start a new run"):
        Candidate.from_xcom(changed, result)


def tar_gz_of_nothing() -> bytes:
    import io
    import tarfile

    buffer = io.BytesIO()
    tarfile.open(fileobj=buffer, mode="w:gz").close()
    return buffer.getvalue()


def test_an_alarm_that_is_not_there_is_found_before_anything_is_created() -> None:
    aws = aws_with_artifacts()
    aws.alarms = {"iris-5xx": "OK"}
    guarded = {"type": "canary", "percent": 10, "alarms": ["iris-5xx", "iris-slow"]}
    operator = PreflightOperator(task_id="preflight", pipeline=a_spec(production__deployment=guarded))
    with pytest.raises(SpecError, match="iris-slow") as refused:
        DagRunOnFakeAws(aws).run(operator)
    assert refused.value.path == "production.deployment.alarms[1]"
    assert aws.calls == []
    aws.alarms["iris-slow"] = "OK"
    assert DagRunOnFakeAws(aws).run(operator)["content"]


MINE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:7"


@pytest.mark.parametrize(
    ("missing", "path", "said"),
    [
        ("sluice", "aws.role", "the account has no role sluice: create it"),
        ("mine", "containers[1].image", f"ECR has no image {MINE}: push it"),
        ("mine:7", "containers[1].image", f"ECR has no image {MINE}: push it"),
        ("records", "s3://records/evidence", "there is no bucket records: create it"),
        ("arrivals", "s3://arrivals/today/", "there is no bucket arrivals: create it"),
    ],
)
def test_what_is_missing_is_found_before_anything_is_created(missing: str, path: str, said: str) -> None:
    aws, spec = aws_with_artifacts(), a_spec(containers__1__image=MINE)
    aws.missing, aws.objects["s3://arrivals/today/a.csv"] = {missing}, b"1,2\n"
    places: dict[str, Any] = {"reads": ["s3://arrivals/today/"], "writes": ["s3://records/evidence"]}
    with pytest.raises(SpecError) as refused:
        DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=spec, **places))
    assert refused.value.path == path and said in refused.value.problem
    assert aws.calls == []
    aws.missing = set()
    assert DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=spec, **places))["content"]


def test_everything_that_is_missing_is_in_one_error() -> None:
    aws = aws_with_artifacts()
    aws.missing = {"sluice", "mine"}
    spec = a_spec(containers__0__image=MINE, containers__1__image=MINE, production__instance_type="ml.c5.lage")
    operator = PreflightOperator(task_id="preflight", pipeline=spec, reads=["s3://models/nothing/"])
    with pytest.raises(SpecError) as refused:
        DagRunOnFakeAws(aws).run(operator)
    for piece in (
        "production.instance_type: ml.c5.lage is no instance type for endpoints",
        "aws.role: the account has no role sluice",
        "containers[0].image: ECR has no image",
        "containers[1].image: ECR has no image",
        "s3://models/nothing/: there is no object under it",
    ):
        assert piece in str(refused.value)


def test_a_role_that_sagemaker_cannot_assume_and_one_of_another_account() -> None:
    aws = aws_with_artifacts()
    aws.trusted = ["ec2.amazonaws.com"]
    with pytest.raises(SpecError, match=r"does not let sagemaker\.amazonaws\.com assume it"):
        DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=a_spec()))
    aws.trusted = ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]
    spec = a_spec(aws__role="arn:aws:iam::999999999999:role/sluice")
    with pytest.raises(SpecError, match=r"aws\.role: is arn:aws:iam::999999999999:role/sluice"):
        DagRunOnFakeAws(aws).run(PreflightOperator(task_id="preflight", pipeline=spec))


def test_an_image_of_another_region_is_refused() -> None:
    spec = a_spec(containers__0__image=MINE.replace("us-east-1", "eu-west-1"))
    with pytest.raises(SpecError, match="lies in eu-west-1, and SageMaker here pulls from us-east-1 only"):
        DagRunOnFakeAws(aws_with_artifacts()).run(PreflightOperator(task_id="preflight", pipeline=spec))


def test_transform_jobs_have_fewer_instance_types() -> None:
    batch = {"input": "s3://models/in/", "output": "s3://models/out", "instance_type": "ml.c5.large"}
    operator = PreflightOperator(task_id="preflight", pipeline=a_spec(batch=batch))
    with pytest.raises(SpecError, match=r"batch\.instance_type: ml\.c5\.large is no instance type for transform jobs"):
        DagRunOnFakeAws(aws_with_artifacts()).run(operator)


def test_what_the_worker_may_not_look_at_is_logged_and_left_to_aws(capsys: pytest.CaptureFixture[str]) -> None:
    aws, spec = aws_with_artifacts(), a_spec(containers__0__image=MINE)
    who = "User: arn:aws:sts::123456789012:assumed-role/airflow/1 is not authorized to perform: iam:GetRole"
    aws.denied = {"get_role": f"{who} on resource: role sluice", "batch_get_image": "no", "head_bucket": "Forbidden"}
    operator = PreflightOperator(task_id="preflight", pipeline=spec, writes=["s3://records/evidence"])
    assert DagRunOnFakeAws(aws).run(operator)["content"]
    said = capsys.readouterr().out
    assert said.count("preflight cannot look, so AWS may refuse later") == 3
    assert "Allow iam:GetRole on role" in said and "Allow ecr:BatchGetImage on 123456789012/mine" in said
