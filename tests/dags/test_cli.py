"""The command line, as a person sees it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sluice import cli
from sluice.cli import main
from sluice.evidence.rollback import FORM, RollbackEvidence
from sluice.naming import names_for, rollback_uri, twin_endpoint
from sluice.operators.deploy_endpoint import DeployEndpointOperator

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
    [
        ("rollback", ("  roll_back ", "approved before")),
        ("batch_transform", ("so there is no such DAG",)),
        ("rebenchmark", ("so there is no such DAG",)),
    ],
)
def test_other_dags_are_explained_too(iris: Path, dag: str, shown: tuple[str, ...]) -> None:
    code, out, _ = said("explain", "--dag", dag, iris)
    assert code == 0 and out.startswith(f"{dag}__iris\n") and all(each in out for each in shown)


def test_a_batch_is_explained_with_its_cost(iris: Path) -> None:
    batch = {"input": "s3://models/in", "output": "s3://models/out", "instance_type": "ml.m5.large", "instances": 2}
    iris.write_text(yaml.safe_dump(spec_document(batch=batch)))
    out = said("explain", "--dag", "batch_transform", iris)[1]
    assert described(out)["model"] == "iris-???????????? of the approved version, unless it is still there"
    assert "2 x ml.m5.large" in out and "0.23 USD for each hour" in out and "s3://models/out/<job>/" in out


CANDIDATES = {
    "big": {"image": {"predict": "1.dkr.ecr.us-east-1.amazonaws.com/xgboost:2"}},
    "small": {"model_data": {"predict": "s3://models/iris/small.tar.gz"}},
}


def described(out: str) -> dict[str, str]:
    """The rows below a DAG's tasks."""
    rows = out.strip().split("\n\n")[-1].splitlines()
    return dict(re.split(r"  +", row.strip(), maxsplit=1) for row in rows)


def test_what_each_of_several_candidates_would_make(iris: Path) -> None:
    iris.write_text(yaml.safe_dump(spec_document(candidates=CANDIDATES, staging__candidates_at_once=1)))
    code, out, _ = said("explain", iris)
    rows = described(out)
    assert code == 0 and "  measure.deploy_staging  " in out and "staging endpoint" not in rows
    assert {what: told for what, told in rows.items() if not what.endswith((" on", "costs", "now", "load test"))} == {
        "package group": "iris-group",
        "big: package version": "of content ????????????",
        "big: model": "iris-????????????",
        "big: staging endpoint": "iris-staging-big",
        "big: staging config": "iris-staging-????????????",
        "big: recommendation job": "iris-????????????",
        "small: package version": "of content ????????????",
        "small: model": "iris-????????????",
        "small: staging endpoint": "iris-staging-small",
        "small: staging config": "iris-staging-????????????",
        "small: recommendation job": "iris-????????????",
        "production endpoint": "iris",
        "big: production config": "iris-production-????????????, if this candidate goes on",
        "small: production config": "iris-production-????????????, if this candidate goes on",
    }
    assert "0.229 USD for each of 2 candidates; together 3 instance-hours, 0.459 USD" in rows["load test costs"]
    assert "for each of 1 endpoints at a time" in rows["staging costs"]


def test_what_is_read_for_candidates_has_the_names_that_a_run_makes(
    iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sluice.operators.candidate import Candidate
    from sluice.operators.list_candidates import ListCandidatesOperator
    from sluice.operators.preflight import PreflightOperator

    iris.write_text(yaml.safe_dump(spec_document(candidates=CANDIDATES)))
    spec, aws = a_spec(candidates=CANDIDATES), aws_with_artifacts()
    aws.objects["s3://models/iris/small.tar.gz"] = aws.objects["s3://models/iris/predict/model.tar.gz"]
    monkeypatch.setattr(cli, "_hook", lambda spec: FakeHook(aws))
    rows = described(said("explain", "--read", iris)[1])
    run = DagRunOnFakeAws(aws)
    for each in run.run(ListCandidatesOperator(task_id="candidates", pipeline=spec)):
        own = {key: each[key] for key in ("model_data", "environment", "image")}
        preflight = PreflightOperator(task_id="preflight", pipeline=spec, candidate_name=each["name"], **own)
        names = Candidate.from_xcom(spec, run.run(preflight)).names
        made = [rows[f"{each['name']}: {what}"] for what in ("model", "staging config", "recommendation job")]
        assert made == [names.model, names.staging_config, names.job()]
        assert rows[f"{each['name']}: package version"] == f"of content {names.content[:12]}"


def test_a_rollback_is_explained_with_its_names_and_cost(iris: Path) -> None:
    fixed = described(said("explain", "--dag", "rollback", iris)[1])
    assert fixed == {
        "production endpoint": "iris",
        "goes back to": "the version of iris-group that was approved before production's",
        "model": "iris-???????????? of that version, unless it is still there",
        "production config": "iris-production-???????????? of that version, unless it is still there",
        "production runs on": "1 x ml.c5.large",
        "production costs": "0.102 USD/h, 74.46 USD a month, estimated, by AWS's list prices of us-east-1",
        "record": "below s3://models/evidence/iris/rollbacks/",
    }
    iris.write_text(yaml.safe_dump(spec_document(production__instance="cheapest_passing")))
    chosen = described(said("explain", "--dag", "rollback", iris)[1])
    assert chosen["production runs on"] == "the instances that production runs on"
    assert chosen["production costs"] == "what it costs now"


def test_a_measurement_of_production_is_explained_with_its_cost(iris: Path) -> None:
    again = {"instance_types": ["ml.c6i.large"], "schedule": {"assets": ["a", "b"]}, "min_saving_pct": 20}
    iris.write_text(yaml.safe_dump(spec_document(rebenchmark=again)))
    code, out, _ = said("explain", "--dag", "rebenchmark", iris)
    assert code == 0 and out.startswith("rebenchmark__iris\n") and "  deploy_twin  " in out
    assert described(out) == {
        "runs": "when a and b were updated",
        "version": "the one that iris serves, which is itself neither measured nor changed",
        "model": "iris-????????????, unless it is still there",
        "twin endpoint": f"{twin_endpoint(a_spec())}, deleted when its load test is over",
        "twin config": "iris-staging-????????????",
        "twin runs on": "1 x ml.c5.large",
        "recommendation job": "iris-again-????????????, another one in each run",
        "load test": "of the twin, and of an endpoint of each of ml.c5.large, ml.c5.xlarge, ml.c6i.large; "
        "up to 45 minutes on AWS",
        # 45 minutes of two ml.c5.large and of an ml.c6i.large (0.102 each), and of an ml.c5.xlarge (0.204).
        "a run costs": "about 3 instance-hours, 0.383 USD with the twin, estimated, by AWS's list prices of us-east-1",
        "evidence": "below s3://models/evidence",
        "starts a promotion": "by the asset sagemaker://iris-group/findings, when another type that passes the gate "
        "costs 20 % less, latency is up by more than 15 %, or the gate would refuse the version",
    }
    by_hand = {"schedule": None}
    iris.write_text(yaml.safe_dump(spec_document(rebenchmark=by_hand, production__instance="cheapest_passing")))
    rows = described(said("explain", "--dag", "rebenchmark", iris)[1])
    assert (rows["runs"], rows["twin runs on"]) == ("when somebody starts it", "the instances that production runs on")
    assert rows["a run costs"].startswith("about 1.5 instance-hours, 0.229 USD and the twin's time, ")


def test_housekeeping_says_what_it_would_look_for(iris: Path) -> None:
    iris.write_text(yaml.safe_dump(spec_document(candidates=CANDIDATES, rebenchmark={})))
    code, out, _ = said("explain", "--dag", "housekeeping", iris)
    assert code == 0 and out.startswith("housekeeping\n") and "  housekeep__aws_default  " in out
    assert described(out) == {
        "runs": "@weekly, over the connections and regions of all specs",
        "looks for": "staging endpoints (by the tag sluice:stage), endpoint configs and models (by the tag "
        "sluice:content), all with the tag sluice:pipeline, that nobody uses",
        "age": "nobody has made or changed them for 30 days (older_than_days)",
        "endpoints": f"iris-staging-big, iris-staging-small, {twin_endpoint(a_spec())}",
        "endpoint configs": "iris-staging-????????????, iris-production-????????????",
        "models": "iris-????????????",
        "keeps": "production endpoints, what an endpoint runs or is about to run, what a load test is loading, and "
        "models and production configs of Approved versions",
        "deletes": "only with dry_run=false; else it reports",
        "unused now": "not known without --read",
    }


def test_what_is_unused_now_is_read(iris: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = aws_with_artifacts()
    run = DagRunOnFakeAws(aws)
    run.run(DeployEndpointOperator(task_id="deploy_staging", stage="staging", **given(a_candidate())))
    monkeypatch.setattr(cli, "_hook", lambda spec: FakeHook(aws))
    there = dict(aws.endpoints)
    out = said("explain", "--dag", "housekeeping", "--read", iris)[1]
    assert re.search(r"\n  unused now +1 of 2\n  endpoint +iris-staging, of iris, \d+ days\n", out)
    assert aws.endpoints == there


@pytest.mark.parametrize("dag", ["rollback", "batch_transform", "rebenchmark"])
def test_reading_is_refused_where_it_would_say_nothing_more(iris: Path, dag: str) -> None:
    code, out, err = said("explain", "--read", "--dag", dag, iris)
    assert (code, out) == (2, "") and f"--dag {dag}" in err


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
