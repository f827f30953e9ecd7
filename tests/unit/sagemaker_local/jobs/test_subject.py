from __future__ import annotations

from dataclasses import replace

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.jobs.invocations import load_plan, sample_of
from include.sagemaker_local.jobs.request import parse_request
from include.sagemaker_local.jobs.subject import Subject, subject_of_model, subject_of_package
from include.sagemaker_local.load.course import Ramp
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.records import ModelRecord
from include.sagemaker_local.wire.sigv4 import Key
from tests.fakes.recommendations import CONTAINERS, PAYLOAD_URL, job_record, package_record

MODEL = ModelRecord("us-east-1", "pipeline", "arn", CONTAINERS, 1.0, {})
CONFIG = {"PayloadConfig": {"SamplePayloadUrl": "s3://b/p.tar.gz", "SupportedContentTypes": ["text/plain", "x/y"]}}


def test_a_package_describes_itself() -> None:
    subject = subject_of_package(package_record(instance_types=("ml.c5.large",)), parse_request(job_record().accepted))

    assert subject == Subject(CONTAINERS, PAYLOAD_URL, "text/csv", "application/json", ("ml.c5.large",))


def test_the_request_s_container_config_goes_before_the_package() -> None:
    request = parse_request(job_record(ContainerConfig=CONFIG).accepted)  # type: ignore[arg-type]
    subject = subject_of_package(package_record(), request)

    assert (subject.sample_payload_url, subject.content_type) == ("s3://b/p.tar.gz", "text/plain")


def test_a_model_is_described_by_the_request() -> None:
    request = parse_request(job_record(ContainerConfig=CONFIG).accepted)  # type: ignore[arg-type]

    assert subject_of_model(MODEL, request) == Subject(CONTAINERS, "s3://b/p.tar.gz", "text/plain", None, ())


def test_a_missing_payload_or_content_type_is_refused_by_name() -> None:
    request = parse_request(job_record().accepted)

    with pytest.raises(ApiError, match="Specify SamplePayloadUrl in the model package arn:"):
        subject_of_package(package_record(SamplePayloadUrl=None), request)
    with pytest.raises(ApiError, match="Specify SupportedContentTypes in the model package arn:"):
        subject_of_package(package_record(InferenceSpecification={}), request)
    with pytest.raises(ApiError, match="Specify SamplePayloadUrl in the ContainerConfig for the model pipeline"):
        subject_of_model(MODEL, request)


def test_requests_are_signed_with_the_server_s_key_if_it_has_one(settings: Settings) -> None:
    subject = Subject(CONTAINERS, PAYLOAD_URL, "text/csv", "application/json", ())
    sample = sample_of(subject, [b"1"], (Ramp(), StopRules()), "eu-west-1")

    assert dict(sample.headers) == {"content-type": "text/csv", "accept": "application/json"}
    plan = load_plan(sample, "e", 1, replace(settings, signing_keys={"AKID": "s1", "OTHER": "s2"}))
    assert (plan.key, plan.region) == (Key("AKID", "s1"), "eu-west-1")
    key = load_plan(sample, "e", 1, settings).key
    assert key is not None
    assert key.access_key == "AKIALOCALRECOMMENDER"


@pytest.mark.parametrize(("bound", "called"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")])  # noqa: S104
def test_the_load_goes_through_the_gateway(bound: str, called: str, settings: Settings) -> None:
    sample = sample_of(Subject(CONTAINERS, PAYLOAD_URL, "text/csv", None, ()), [b"1"], (Ramp(), StopRules()), "r")

    plan = load_plan(sample, "sm-epc-1", 4567, replace(settings, host=bound))

    assert (plan.host, plan.port, plan.target) == (called, 4567, "/endpoints/sm-epc-1/invocations")
    assert plan.timeout_s > settings.invoke_timeout_s
    assert "accept" not in dict(plan.headers)


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"))
