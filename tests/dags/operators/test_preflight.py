from __future__ import annotations

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
    candidate = Candidate.from_xcom(operator.pipeline, result)
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
    changed = PreflightOperator(task_id="x", pipeline=a_spec(containers__0__image="another:2")).pipeline
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
