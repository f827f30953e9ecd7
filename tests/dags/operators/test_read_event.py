from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from sluice.errors import SpecError
from sluice.operators.list_candidates import ListCandidatesOperator
from sluice.operators.read_event import ReadEventOperator
from sluice.runs.request import AssetEvent, likely_slips
from sluice.specs.pipeline import PipelineSpec

from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

TRAINED, COUNTED = "s3://models/iris", "counted"
NEW = "s3://models/iris/predict/2026-02-01/model.tar.gz"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/iris-group/3"
NOTHING: dict[str, Any] = {"model_data": {}, "environment": {}, "candidates": {}, "model_package_arn": ""}
VERSIONS = "sagemaker://iris-group/versions/iris"
FINDINGS = "sagemaker://iris-group/findings"
FOUND: dict[str, Any] = {
    "pipeline": "iris",
    "package_arn": VERSION,
    "job": "iris-again-0123456789ab",
    "instance_types": ["ml.c5.large", "ml.c6i.large"],
    "findings": ["slower"],
    "reason": "120 ms",
    "evidence_uri": "s3://models/evidence/x.json",
    "evidence_sha256": "0" * 64,
    "run_id": "scheduled__2026-01-01",
}


class Started:
    """A run that these events started, and what became of it."""

    def __init__(
        self,
        *updates: tuple[str, dict[str, Any]],
        params: Any = None,
        spec: PipelineSpec | None = None,
        live: str | None = VERSION,
        versions: Sequence[dict[str, Any]] = (),
    ) -> None:
        aws = FakeAws()
        aws.packages = {each["ModelPackageArn"]: each for each in (version(3), *versions)}
        if live:
            aws.endpoints["iris"] = {"EndpointName": "iris", "EndpointArn": "arn", "EndpointStatus": "InService"}
            aws.endpoints["iris"]["EndpointConfigName"] = "iris-config"
            aws.configs["iris-config"] = {"ProductionVariants": [{"ModelName": "iris-model"}]}
            aws.models["iris-model"] = {"Containers": [{"ModelPackageName": live}]}
        run = DagRunOnFakeAws(aws)
        run.updates = list(updates)
        spec = spec or a_spec(schedule={"assets": [TRAINED, COUNTED]})
        operator = ReadEventOperator(task_id="read_event", pipeline=spec, request=params or {})
        operator.dag = DAG("a_dag", schedule=None)
        later = [EmptyOperator(task_id=task_id, dag=operator.dag) for task_id in ("preflight", "report", "delete")]
        operator >> later[0] >> later[1]
        later[0] >> later[2].as_teardown(setups=later[0])
        self.result = run.run(operator)
        self.skipped = {task_id for task_id, state in run.states.items() if state == "skipped"}

    @property
    def asked(self) -> dict[str, Any]:
        return {key: self.result[key] for key in NOTHING}


def version(number: int, approval: str = "Approved", **more: Any) -> dict[str, Any]:
    arn = VERSION[:-1] + str(number)
    names = {"ModelPackageArn": arn, "ModelPackageGroupName": "iris-group", "ModelPackageVersion": number}
    return {**names, "ModelPackageStatus": "Completed", "ModelApprovalStatus": approval, **more}


def message(number: int, *fields: str, **more: Any) -> dict[str, Any]:
    """A message of SQS with EventBridge's event of a version, as SqsSensorTrigger hands it on."""
    detail = {"ModelPackageArn": VERSION[:-1] + str(number), "ModelPackageGroupName": "iris-group"}
    if fields:
        detail["UpdatedModelPackageFields"] = list(fields)  # type: ignore[assignment]
    event = {"source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change", "detail": detail}
    return {"MessageId": str(number), "ReceiptHandle": "r", "Body": json.dumps({**event, **more})}


def changed(*messages: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    payload = {"status": "success", "message_batch": list(messages)}
    return VERSIONS, {"from_trigger": True, "payload": payload}


def started_by(*updates: tuple[str, dict[str, Any]], params: Any = None, spec: PipelineSpec | None = None) -> Any:
    started = Started(*updates, params=params, spec=spec)
    assert not started.skipped and started.result["measuring"] is None
    return started.asked


def test_a_run_that_no_event_started_has_its_parameters() -> None:
    rendered = {"model_data": '{"predict": "s3://m/x.tar.gz"}', "environment": "{}", "model_package_arn": "null"}
    assert started_by(params=rendered) == {**NOTHING, "model_data": {"predict": "s3://m/x.tar.gz"}}
    assert started_by(params={"model_package_arn": f'"{VERSION}"'}) == {**NOTHING, "model_package_arn": VERSION}
    assert started_by() == NOTHING


def test_events_say_what_was_trained_and_the_later_one_holds() -> None:
    asked = started_by(
        (TRAINED, {"model_data": {"predict": "s3://models/old.tar.gz", "featurize": "s3://models/f.tar.gz"}}),
        (COUNTED, {"environment": {"predict": {"THREADS": "2"}}, "rows": 12}),
        (TRAINED, {"model_data": {"predict": NEW}}),
    )
    assert asked["model_data"] == {"predict": NEW, "featurize": "s3://models/f.tar.gz"}
    assert asked["environment"] == {"predict": {"THREADS": "2"}}


def test_events_without_a_wish_promote_what_the_spec_says() -> None:
    assert started_by((TRAINED, {}), (COUNTED, {"accuracy": 0.9})) == NOTHING


def test_an_update_alone_of_assets_that_go_together_is_not_promoted() -> None:
    started = Started((TRAINED, {"model_data": {"predict": NEW}}), ("another", {}))
    assert started.asked == NOTHING and f"asset {TRAINED} was updated, and not all" in started.result["reason"]
    assert started.skipped == {"preflight", "report"}  # Airflow itself skips the teardown, with its setup


TWO = {"one": {"environment": {"predict": {"X": "1"}}}, "two": {}}
COMPARING = a_spec(schedule={"assets": [TRAINED, COUNTED]}, candidates=TWO)


def test_events_say_which_candidates_are_compared() -> None:
    later = {"environment": {}, "image": {"predict": "new:2"}, "model_data": {}}
    asked = started_by(
        (TRAINED, {"candidates": {"small": {"model_data": {"predict": NEW}}, "big": {}}}),
        (COUNTED, {"candidates": {"big": later}, "environment": {"predict": {"THREADS": "2"}}}),
        spec=COMPARING,
    )
    small = {"model_data": {"predict": NEW}, "environment": {}, "image": {}}
    assert asked["candidates"] == {"small": small, "big": later}
    assert asked["environment"] == {"predict": {"THREADS": "2"}}
    assert started_by((TRAINED, {}), (COUNTED, {}), spec=COMPARING) == NOTHING
    listed = ListCandidatesOperator(
        task_id="candidates", pipeline=COMPARING, candidates=json.dumps(asked["candidates"])
    )
    assert [each["name"] for each in DagRunOnFakeAws(FakeAws()).run(listed)] == ["small", "big"]


@pytest.mark.parametrize(
    ("candidates", "path"),
    [
        (["small"], "candidates"),
        ({"small": {"model_dta": {}}}, "candidates.small.model_dta"),
        ({"small": {"model_data": {"predikt": NEW}}}, "candidates.small.model_data.predikt"),
        ({"small": {"model_data": {"predict": "x.tar.gz"}}}, "candidates.small.model_data.predict"),
        ({"no name": {}}, "candidates.no name"),
        ({f"c{number}": {} for number in range(11)}, "candidates"),
    ],
)
def test_a_candidate_that_fits_nothing_is_refused_by_its_key(candidates: Any, path: str) -> None:
    with pytest.raises(SpecError) as refused:
        started_by((TRAINED, {"candidates": candidates}), (COUNTED, {}), spec=COMPARING)
    assert refused.value.path == f"asset {TRAINED}: extra.{path}"


def test_candidates_are_refused_where_none_are_compared_and_beside_a_version() -> None:
    with pytest.raises(SpecError, match=r"extra\.candidates: says nothing to a pipeline whose spec has no candidates"):
        started_by((TRAINED, {"candidates": TWO}), (COUNTED, {}))
    both = {"candidates": TWO, "model_package_arn": VERSION}
    with pytest.raises(SpecError, match=r"extra\.model_package_arn: takes a version as it is"):
        started_by((TRAINED, both), (COUNTED, {}), spec=COMPARING)
    with pytest.raises(SpecError, match=r"params\.model_package_arn: takes a version as it is"):
        started_by(params={key: json.dumps(value) for key, value in both.items()}, spec=COMPARING)


def test_an_event_may_name_a_version() -> None:
    spec = a_spec(schedule={"assets": [TRAINED]})
    assert started_by((TRAINED, {"model_package_arn": VERSION}), spec=spec)["model_package_arn"] == VERSION


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        ({"model_data": {"predikt": NEW}}, "extra.model_data.predikt"),
        ({"model_data": {"predict": "models/x.tar.gz"}}, "extra.model_data.predict"),
        ({"model_data": "s3://models/x.tar.gz"}, "extra.model_data"),
        ({"model_data": {"predict": 3}}, "extra.model_data.predict"),
        ({"environment": {"predict": {"THREADS": 2}}}, "extra.environment.predict.THREADS"),
        ({"environment": {"predict": "THREADS=2"}}, "extra.environment.predict"),
        ({"model_package_arn": "iris-group/3"}, "extra.model_package_arn"),
        ({"model_package_arn": VERSION, "model_data": {"predict": NEW}}, "extra.model_package_arn"),
    ],
)
def test_what_a_parameter_would_be_refused_for(extra: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as refused:
        started_by((TRAINED, extra), (COUNTED, {}))
    assert refused.value.path == f"asset {TRAINED}: {path}"


REMEASURED = a_spec(schedule="@weekly", rebenchmark={}, production__instance="cheapest_passing")


def test_a_finding_is_measured_again_on_the_version_that_it_is_about() -> None:
    started = Started((FINDINGS, FOUND), spec=REMEASURED)
    assert started.asked == {**NOTHING, "model_package_arn": VERSION} and not started.skipped
    assert started.result["measuring"] == {
        "round": FOUND["job"],
        "instance_types": FOUND["instance_types"],
        "staging": None,
    }
    assert started.result["reason"] == "found: slower"


def test_the_newest_finding_holds() -> None:
    started = Started((FINDINGS, {**FOUND, "job": "old"}), (FINDINGS, FOUND), spec=REMEASURED)
    assert started.result["measuring"]["round"] == FOUND["job"]


def test_what_was_trained_goes_before_a_finding_about_the_version_it_replaces() -> None:
    spec = a_spec(schedule={"assets": [TRAINED]}, rebenchmark={})
    started = Started((TRAINED, {"model_data": {"predict": NEW}}), (FINDINGS, FOUND), spec=spec)
    assert started.asked["model_data"] == {"predict": NEW} and started.result["measuring"] is None


@pytest.mark.parametrize(
    ("changes", "spec", "live", "reason"),
    [
        ({"pipeline": "roses"}, REMEASURED, VERSION, "it is about the pipeline roses"),
        ({}, REMEASURED, VERSION.replace("/3", "/4"), "production serves arn"),
        ({}, REMEASURED, None, "production serves nothing"),
        ({"findings": ["cheaper"]}, a_spec(rebenchmark={}), VERSION, "production.instance_type"),
    ],
)
def test_a_finding_that_is_nothing_to_promote_skips_the_run(
    changes: dict[str, Any], spec: PipelineSpec, live: str | None, reason: str
) -> None:
    started = Started((FINDINGS, {**FOUND, **changes}), spec=spec, live=live)
    assert started.skipped == {"preflight", "report"} and started.asked == NOTHING
    assert reason in started.result["reason"]


def test_a_cheaper_instance_is_a_run_s_to_choose() -> None:
    assert not Started((FINDINGS, {**FOUND, "findings": ["cheaper"]}), spec=REMEASURED).skipped
    both = {**FOUND, "findings": ["cheaper", "slower"]}
    assert not Started((FINDINGS, both), spec=a_spec(rebenchmark={})).skipped


def test_an_update_of_the_findings_by_hand_is_checked() -> None:
    with pytest.raises(SpecError, match=r"asset sagemaker://iris-group/findings: extra.*findings\[0\]"):
        Started((FINDINGS, {**FOUND, "findings": ["faster"]}), spec=REMEASURED)


WATCHING = a_spec(watch={"queue": "https://sqs.us-east-1.amazonaws.com/123456789012/q"}, rebenchmark={})
CONTENT = {"ModelPackageDescription": "content sha256:" + "0" * 64}


@pytest.mark.parametrize(
    "wanted",
    [
        version(4),
        version(4, "PendingManualApproval"),  # others have registered it: the gate decides
        version(4, "Approved", **CONTENT),  # a promotion has registered it, and a person has approved it since
    ],
)
def test_a_version_of_others_is_adopted(wanted: dict[str, Any]) -> None:
    started = Started(changed(message(4, "ModelApprovalStatus")), spec=WATCHING, versions=[wanted])
    assert started.asked == {**NOTHING, "model_package_arn": wanted["ModelPackageArn"]} and not started.skipped
    assert not Started(changed(message(4)), spec=WATCHING, versions=[wanted], live=None).skipped


@pytest.mark.parametrize(
    ("number", "now", "fields", "reason"),
    [
        (3, None, ["ModelApprovalStatus"], "production serves version 3 already"),
        (4, None, [], "is not there any more"),
        (4, version(4, "Rejected"), ["ModelApprovalStatus"], "version 4 is Rejected"),
        (4, version(4, ModelPackageStatus="InProgress"), [], "version 4 is InProgress"),
        (4, version(4, "PendingManualApproval", **CONTENT), [], "was registered by a promotion"),
        (4, version(4), ["CustomerMetadataProperties"], "no matter of approval"),
        (2, version(2), ["ModelApprovalStatus"], "older than production's 3"),
        (4, version(4, ModelPackageGroupName="roses"), [], "is of the group roses"),
    ],
)
def test_what_is_nothing_to_promote_skips_the_run(
    number: int, now: dict[str, Any] | None, fields: list[str], reason: str
) -> None:
    started = Started(changed(message(number, *fields)), spec=WATCHING, versions=[now] if now else [])
    assert started.skipped == {"preflight", "report"} and reason in started.result["reason"]


def test_of_several_versions_the_one_that_changed_last_is_promoted() -> None:
    there = [version(4), version(5), version(6, "Rejected")]
    updates = changed(message(4)), changed(message(5), message(6))
    started = Started(*updates, spec=WATCHING, versions=there)
    assert started.asked["model_package_arn"] == version(5)["ModelPackageArn"]
    both = Started(changed(message(4)), (FINDINGS, FOUND), spec=WATCHING, versions=there)
    assert both.asked["model_package_arn"] == version(4)["ModelPackageArn"] and both.result["measuring"] is None


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        '"text"',
        "{}",
        json.dumps({"detail-type": "SageMaker Endpoint State Change", "detail": {"ModelPackageArn": VERSION}}),
        json.dumps({"detail-type": "SageMaker Model Package State Change", "detail": {}}),
    ],
)
def test_what_else_comes_by_the_queue_skips_the_run(body: str) -> None:
    started = Started(changed({"Body": body}), spec=WATCHING)
    assert started.skipped and started.result["reason"] == "no event says what to promote"
    assert Started((VERSIONS, {"by": "hand"}), spec=WATCHING).skipped


def test_a_key_that_is_nearly_right_is_pointed_out() -> None:
    event = AssetEvent(asset=TRAINED, at="2026-01-01T00:00:00+00:00", extra={"model-data": {}, "model_data": {}})
    (slip,) = likely_slips(event)
    assert slip == f"asset {TRAINED}: extra.model-data says nothing to a promotion; did you mean 'model_data'?"
