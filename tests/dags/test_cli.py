"""The command line, as a person sees it."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sluice import cli
from sluice.cli import main
from sluice.naming import names_for, rollback_uri
from sluice.rollback_evidence import FORM, RollbackEvidence

from tests.conftest import PROJECT
from tests.fakes.candidates import a_candidate, aws_with_artifacts, given
from tests.fakes.sagemaker_api import FakeAws, FakeHook
from tests.fakes.specs import a_spec, spec_document
from tests.fakes.task_run import DagRunOnFakeAws


@pytest.fixture
def iris(tmp_path: Path) -> Path:
    path = tmp_path / "iris.yaml"
    path.write_text(yaml.safe_dump(spec_document()))
    return path


def said(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main([str(each) for each in arguments], out, err), out.getvalue(), err.getvalue()


def test_validate_names_file_line_and_key(iris: Path) -> None:
    broken = iris.with_name("broken.yaml")
    broken.write_text(yaml.safe_dump(spec_document(pipeline="other", gate__rules=[{"metric": "speed", "max": 1}])))
    code, out, err = said("validate", iris.parent)
    line = next(n for n, text in enumerate(broken.read_text().splitlines(), 1) if "speed" in text)
    assert (code, out) == (1, "1 of 2 specs can be used\n")
    assert err.startswith(f"{broken}:{line}: gate.rules[0].metric: ")
    assert said("validate", iris) == (0, "1 of 1 specs can be used\n", "")
    assert said("validate", iris.with_name("none.yaml"))[0] == 1
    empty = iris.parent / "empty"
    empty.mkdir()
    assert said("validate", empty)[0] == 1


def test_validate_needs_no_airflow() -> None:
    absent = "import sys; sys.modules.update(dict.fromkeys(('airflow', 'boto3', 'botocore')))"
    ask = f"{absent}; from sluice.cli import run; sys.exit(run())"
    done = subprocess.run(
        [sys.executable, "-c", ask, "validate"],
        cwd=PROJECT,
        env={"PYTHONPATH": "plugins"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "") and "specs can be used" in done.stdout


def test_explain_shows_tasks_and_names_without_asking_anybody(iris: Path) -> None:
    code, out, _ = said("explain", iris)
    assert code == 0 and out.startswith("promote__iris\n")
    assert out.index("  preflight ") < out.index("  judge ") < out.index("  promote ") < out.index("  outcome")
    assert "iris-????????????" in out and "iris-staging-????????????" in out and "000000" not in out
    assert "1 x ml.c5.large" in out and "not known" in out
    assert "about 1.5 instance-hours, 0.229 USD, estimated" in out


@pytest.mark.parametrize(
    ("dag", "shown"),
    [("rollback", ("  roll_back ", "approved before")), ("batch_transform", ("so there is no such DAG",))],
)
def test_other_dags_are_explained_too(iris: Path, dag: str, shown: tuple[str, ...]) -> None:
    code, out, _ = said("explain", "--dag", dag, iris)
    assert code == 0 and out.startswith(f"{dag}__iris\n") and all(each in out for each in shown)


def test_a_batch_is_explained_with_its_cost(iris: Path) -> None:
    batch = {"input": "s3://models/in", "output": "s3://models/out", "instance_type": "ml.m5.large", "instances": 2}
    iris.write_text(yaml.safe_dump(spec_document(batch=batch)))
    out = said("explain", "--dag", "batch_transform", iris)[1]
    assert "2 x ml.m5.large" in out and "0.23 USD for each hour" in out and "s3://models/out/<job>/" in out


def test_explain_reads_what_it_can(iris: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = aws_with_artifacts()
    monkeypatch.setattr(cli, "_hook", lambda spec: FakeHook(aws))
    code, out, _ = said("explain", "--read", iris)
    from sluice.operators.artifact_digests import read_digests

    names = names_for(a_spec(), read_digests(FakeHook(aws), a_spec()))
    assert code == 0 and names.model in out and names.job() in out and names.production_config in out
    assert "nothing has been in production" in out and "last load test" not in out
    for attempt, minutes in ((1, 10), (2, 60)):
        begun = datetime(2026, 3, 1, 12, tzinfo=UTC)
        ended = {"CreationTime": begun, "CompletionTime": begun + timedelta(minutes=minutes)}
        request = {"JobName": names.job(attempt), "InputConfig": {"Endpoints": [{"EndpointName": "iris-staging"}]}}
        aws.create_inference_recommendations_job(**request)
        aws.jobs[names.job(attempt)].update(ended)
    assert f"{names.job(2)} took 1 instance-hours, 0.102 USD" in said("explain", "--read", iris)[1]
    aws.objects.clear()
    code, _, err = said("explain", "--read", iris)
    assert code == 1 and "no such object" in err


def test_decisions_are_listed(iris: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sluice.operators.register_package import RegisterPackageOperator

    aws = FakeAws()
    monkeypatch.setattr(cli, "_hook", lambda spec: FakeHook(aws))
    assert said("decisions", iris)[1] == "iris-group has no versions\n"
    arn = DagRunOnFakeAws(aws).run(RegisterPackageOperator(task_id="r", **given(a_candidate())))["package_arn"]
    metadata = {"sluice:verdict": "fail", "sluice:evidence": "s3://models/e.json"}
    aws.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Rejected",
        ApprovalDescription="gate: too slow",
        CustomerMetadataProperties=metadata,
    )
    assert said("decisions", iris)[1] == "   1  Rejected  fail  gate: too slow  s3://models/e.json\n"


def test_rollbacks_are_listed_newest_first(iris: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws()
    monkeypatch.setattr(cli, "_hook", lambda spec: FakeHook(aws))
    for day, outcome in (("01", "failed"), ("02", "rolled back")):
        record = RollbackEvidence(
            pipeline="iris",
            run_id=f"r{day}",
            endpoint="iris",
            outcome=outcome,
            reason="wrong labels",
            by="alice",
            ended_at=f"2026-03-{day}T12:00:00.000+00:00",
            from_package_arn="arn:x/2",
            to_package_arn="arn:x/1",
        )
        aws.objects[rollback_uri(a_spec(), f"r{day}")] = FORM.to_bytes(record)
    lines = said("decisions", iris)[1].splitlines()
    assert lines[1:3] == ["", "rollbacks of iris:"] and "failed" in lines[4]
    assert lines[3].startswith(
        "2026-03-02T12:00:00.000+00:00  rolled back  2 -> 1  by alice  wrong labels  s3://models/"
    )
