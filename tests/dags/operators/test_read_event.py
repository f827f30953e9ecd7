from __future__ import annotations

from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.operators.read_event import ReadEventOperator
from sluice.run_request import AssetEvent, likely_slips
from sluice.spec import PipelineSpec

from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

TRAINED, COUNTED = "s3://models/iris", "counted"
NEW = "s3://models/iris/predict/2026-02-01/model.tar.gz"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/iris-group/3"
NOTHING: dict[str, Any] = {"model_data": {}, "environment": {}, "model_package_arn": ""}


def started_by(*updates: tuple[str, dict[str, Any]], params: Any = None, spec: PipelineSpec | None = None) -> Any:
    run = DagRunOnFakeAws(FakeAws())
    run.updates = list(updates)
    spec = spec or a_spec(schedule={"assets": [TRAINED, COUNTED]})
    return run.run(ReadEventOperator(task_id="read_event", pipeline=spec, request=params or {}))


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
    assert started_by((TRAINED, {"model_data": {"predict": NEW}}), ("another", {})) == NOTHING


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


def test_a_key_that_is_nearly_right_is_pointed_out() -> None:
    event = AssetEvent(asset=TRAINED, at="2026-01-01T00:00:00+00:00", extra={"model-data": {}, "model_data": {}})
    (slip,) = likely_slips(event)
    assert slip == f"asset {TRAINED}: extra.model-data says nothing to a promotion; did you mean 'model_data'?"
