"""What an asynchronous request is kept as, and the requests that are refused before they are kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.async_inference.intake import AsyncIntake
from include.sagemaker_local.async_inference.request import requested
from include.sagemaker_local.deployment import AsyncInference
from include.sagemaker_local.lifecycle import EndpointEvent
from include.sagemaker_local.store.store import Store
from tests.fakes.async_requests import ENDPOINT, REGION, add_endpoint
from tests.fakes.clock import START_S, ManualClock
from tests.fakes.invocations import error, invoke, run

BOTH = AsyncInference("s3://out/results/", "s3://out/failures")
TARGET = b"/endpoints/flowers/async-invocations"


def kept(inference: AsyncInference = BOTH, body: bytes = b"", **members: Any) -> Any:
    given = {"EndpointName": "e", **({} if body else {"InputLocation": "s3://in/a.csv"}), **members}
    return requested(given, body, inference, region="r", now_s=100.0)


def test_results_are_named_after_the_inference_id_unless_they_have_a_name() -> None:
    plain = kept(InferenceId="abc-1")
    assert (plain.output_location, plain.failure_location) == (
        "s3://out/results/abc-1.out",
        "s3://out/failures/abc-1-error.out",
    )
    named = kept(InferenceId="abc-1", Filename="mine.json", S3OutputPathExtension="/a/b/")
    assert (named.output_location, named.failure_location) == (
        "s3://out/results/a/b/mine.json",
        "s3://out/failures/a/b/abc-1-error.out",
    )
    made_up = kept(AsyncInference("s3://out"))
    assert uuid.UUID(made_up.inference_id)
    assert made_up.output_location == f"s3://out/{made_up.inference_id}.out"
    assert made_up.failure_location is None
    assert made_up.given_inference_id is None


def test_an_inference_id_cannot_choose_another_place() -> None:
    climbing = kept(InferenceId="../../other bucket")
    assert climbing.inference_id == "../../other bucket"
    assert uuid.UUID(climbing.output_location.removeprefix("s3://out/results/").removesuffix(".out"))


def test_how_long_it_may_wait_and_take() -> None:
    assert (kept().expires_at_s, kept().timeout_s) == (100.0 + 21_600, 900)
    short = kept(RequestTTLSeconds=60, InvocationTimeoutSeconds=1)
    assert (short.expires_at_s, short.timeout_s) == (160.0, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.sqlite3", ManualClock())
    yield made
    made.close()


def intake(store: Store) -> AsyncIntake:
    return AsyncIntake(store, ManualClock(), "123456789012", lambda: None)


def test_202_is_given_for_what_is_kept(store: Store) -> None:
    async def main() -> None:
        add_endpoint(store, BOTH)
        request = invoke(
            b"1,2",
            TARGET,
            x_amzn_sagemaker_content_type="text/csv",
            x_amzn_sagemaker_accept="x/y",
            x_amzn_sagemaker_custom_attributes="a=b",
            x_amzn_sagemaker_inference_id="id-1",
            x_amzn_sagemaker_requestttlseconds="60",
        )
        answered = await intake(store).handle(request, REGION)
        assert (answered.status, json.loads(answered.body)) == (202, {"InferenceId": "id-1"})
        assert answered.header(b"x-amzn-sagemaker-outputlocation") == b"s3://out/results/id-1.out"
        assert answered.header(b"x-amzn-sagemaker-failurelocation") == b"s3://out/failures/id-1-error.out"
        (record,) = store.async_requests(REGION, ENDPOINT, 10)
        assert (record.body, record.content_type, record.accept, record.custom_attributes) == (
            b"1,2",
            "text/csv",
            "x/y",
            "a=b",
        )
        assert (record.accepted_at_s, record.expires_at_s) == (START_S, START_S + 60)

    run(main())


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"", {}, "Exactly one of InputLocation and Body"),
        (b"1", {"x_amzn_sagemaker_inputlocation": "s3://b/k"}, "Exactly one of InputLocation and Body"),
        (b"x" * 128_001, {}, "128001 bytes"),
        (b"", {"x_amzn_sagemaker_inputlocation": "https://b.s3.amazonaws.com/k"}, "from s3:// only"),
        (b"", {"x_amzn_sagemaker_inputlocation": "ftp://b/k"}, "at 'inputLocation' failed to satisfy constraint"),
        (b"1", {"x_amzn_sagemaker_requestttlseconds": "59"}, "greater than or equal to 60"),
        (b"1", {"x_amzn_sagemaker_invocationtimeoutseconds": "3601"}, "less than or equal to 3600"),
        (b"1", {"x_amzn_sagemaker_requestttlseconds": "soon"}, "'soon' is not a whole number"),
        (b"1", {"x_amzn_sagemaker_s3outputpathextension": "s3://other"}, "at 's3OutputPathExtension'"),
        (b"1", {"x_amzn_sagemaker_filename": "../a"}, "at 'filename'"),
        (b"1", {"x_amzn_sagemaker_target_variant": "v"}, "x-amzn-sagemaker-target-variant"),
    ],
)
def test_what_is_refused_is_not_kept(store: Store, body: bytes, headers: dict[str, str], said: str) -> None:
    async def main() -> None:
        add_endpoint(store, BOTH)
        status, kind, members = error(await intake(store).handle(invoke(body, TARGET, **headers), REGION))
        assert (status, kind) == (400, "ValidationError")
        assert said in members["Message"]
        assert store.async_requests(REGION, ENDPOINT, 10) == []

    run(main())


def test_endpoints_that_are_not_there_or_answer_at_once(store: Store) -> None:
    async def main() -> None:
        _, kind, members = error(await intake(store).handle(invoke(b"1", TARGET), REGION))
        assert (kind, members["Message"]) == (
            "ValidationError",
            "Endpoint flowers of account 123456789012 not found.",
        )
        add_endpoint(store, None)
        _, kind, members = error(await intake(store).handle(invoke(b"1", TARGET), REGION))
        assert kind == "ValidationError"
        assert "has no AsyncInferenceConfig" in members["Message"]
        store.move_endpoint(REGION, ENDPOINT, EndpointEvent.DELETE)

    run(main())
