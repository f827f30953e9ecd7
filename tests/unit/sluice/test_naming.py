from __future__ import annotations

import dataclasses
import random
import re
from typing import Any

import pytest
from sluice.errors import ArtifactError
from sluice.naming import (
    CLIENT_TOKEN_MAX,
    JOB_NAME_MAX,
    Names,
    client_token,
    content_in,
    evidence_uri,
    names_for,
    package_description,
    pipeline_content,
    rebenchmark_uri,
    standing_tags,
    tags,
    twin_endpoint,
)
from sluice.specs.measuring import Measuring
from sluice.specs.pipeline import PipelineSpec, Stage
from sluice.specs.service_limits import NAME_MAX

from tests.fakes.specs import DROP, a_spec, digests_of

AWS_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
AWS_JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}")
AWS_METADATA_VALUE = re.compile(r"[\w\s.:/=+\-@]{1,256}")
FEATURIZE = "s3://models/iris/featurize/model.tar.gz"
PAYLOAD = "s3://models/iris/payload.tar.gz"


def advanced(**changes: Any) -> dict[str, Any]:
    """An Advanced job on the types of `a_spec`."""
    return {
        "job_type": "Advanced",
        "instance_types": ["ml.c5.large", "ml.c5.xlarge"],
        "traffic": {"stairs": {"duration_in_seconds": 120, "number_of_steps": 2, "users_per_step": 1}},
        "stop": {"max_invocations": 600},
        **changes,
    }


CONTENT = {"content", "model", "staging_config", "production_config", "job_stem"}
FROM_MODEL_ON = CONTENT - {"content"}
CHANGES: list[tuple[dict[str, Any], set[str]]] = [
    ({"containers__0__image": "other"}, CONTENT),
    ({"containers__0__hostname": "clean"}, CONTENT),
    ({"containers__0__model_data": "s3://models/other/model.tar.gz"}, CONTENT),
    ({"containers__0__environment": {"SAGEMAKER_PROGRAM": "other.py"}}, CONTENT),
    ({"containers__0__environment": {}}, CONTENT),
    ({"containers__1__framework": "OTHER"}, CONTENT),
    ({"containers__1__framework_version": "1.7-2"}, CONTENT),
    ({"package__domain": "COMPUTER_VISION"}, CONTENT),
    ({"package__task": "REGRESSION"}, CONTENT),
    ({"package__framework": "OTHER"}, CONTENT),
    ({"package__framework_version": DROP}, CONTENT),
    ({"package__content_types": ["text/csv", "application/json"]}, CONTENT),
    ({"package__response_types": ["text/csv"]}, CONTENT),
    ({"package__sample_payload": "s3://models/other/payload.tar.gz"}, CONTENT),
    ({"benchmark__instance_types": ["ml.c5.large"]}, CONTENT),
    ({"package__group": "other"}, {"package_group", *FROM_MODEL_ON}),
    ({"aws__role": "arn:aws:iam::123456789012:role/other"}, FROM_MODEL_ON),
    ({"staging__instances": 2}, {"staging_config", "job_stem"}),
    ({"staging__endpoint": "other"}, {"staging_endpoint", "job_stem"}),
    ({"benchmark__stop": {"latency": {"percentile": "P95", "ms": 200}}}, {"job_stem"}),
    ({"benchmark__stop": {"max_invocations": 600}}, {"job_stem"}),
    ({"benchmark__stop": {"flat_invocations": "Continue"}}, {"job_stem"}),
    ({"benchmark": advanced()}, {"job_stem"}),
    ({"production__instances": 2}, {"production_config"}),
    ({"production__instance_type": "ml.m5.large"}, {"production_config"}),
    ({"production__endpoint": "other"}, {"production_endpoint"}),
    ({"pipeline": "roses"}, {"pipeline", *FROM_MODEL_ON}),
    # What is judged and when it runs is not what is deployed: neither makes anything new.
    ({"gate__rules__0__max": 1}, set()),
    ({"schedule": None}, set()),
    ({"staging__after_gate": "delete"}, set()),
    ({"evidence__prefix": "s3://other"}, set()),
]


def test_another_load_is_another_job() -> None:
    ranges = {"environment_ranges": {"X": ["1"]}}
    longer = {"traffic": {"stairs": {"duration_in_seconds": 240, "number_of_steps": 2, "users_per_step": 1}}}
    chosen = {"production__instance": "cheapest_passing"}
    jobs = [names(benchmark=advanced(**change), **chosen).job() for change in ({}, ranges, longer)]
    assert len(set(jobs)) == 3


def names(**changes: Any) -> Names:
    spec = a_spec(**changes)
    return names_for(spec, digests_of(spec))


def changed(before: Names, after: Names) -> set[str]:
    one, other = dataclasses.asdict(before), dataclasses.asdict(after)
    return {key for key in one if one[key] != other[key]}


def test_the_same_content_gives_the_same_names() -> None:
    assert names() == names()
    reordered = names(containers__0__environment={"B": "2", "A": "1"})
    assert reordered == names(containers__0__environment={"A": "1", "B": "2"})


@pytest.mark.parametrize(("changes", "expected"), CHANGES, ids=[str(changes) for changes, _ in CHANGES])
def test_a_change_renames_what_is_made_of_it_and_nothing_else(changes: dict[str, Any], expected: set[str]) -> None:
    assert changed(names(), names(**changes)) == expected


def test_the_order_of_containers_counts() -> None:
    one, other = {"image": "a"}, {"image": "b"}
    assert names(containers=[one, other]).content != names(containers=[other, one]).content


def test_other_bytes_at_the_same_uri_are_another_model_and_another_payload_another_job() -> None:
    spec = a_spec()
    digests = digests_of(spec)
    before = names_for(spec, digests)
    assert changed(before, names_for(spec, {**digests, FEATURIZE: "f" * 64})) == CONTENT
    assert changed(before, names_for(spec, {**digests, PAYLOAD: "f" * 64})) == {"job_stem"}


@pytest.mark.parametrize("uri", [FEATURIZE, PAYLOAD])
def test_without_a_digest_there_is_no_name(uri: str) -> None:
    spec = a_spec()
    digests = {**digests_of(spec), uri: ""}
    with pytest.raises(ArtifactError) as caught:
        names_for(spec, digests)
    assert caught.value.uri == uri


def test_content_is_a_sha256_and_stays_what_it_was() -> None:
    # A package version is found again by this value: a change here makes every registered version unfindable.
    assert pipeline_content(a_spec(), digests_of(a_spec())) == PINNED_CONTENT


PINNED_CONTENT = "63eda62edda40df033f71b9f036160447ed92c626910d5a40e4484b79302e1ad"


def test_names_are_readable_and_fit_awss_patterns_whatever_the_pipeline_is_called() -> None:
    generator = random.Random(3)
    for _ in range(100):
        length = generator.randint(1, NAME_MAX)
        name = "".join(generator.choice("abcXYZ019--") for _ in range(length)).strip("-") or "p"
        made = names(pipeline=name)
        for each in (made.model, made.staging_config, made.production_config):
            assert AWS_NAME.fullmatch(each), each
            assert len(each) <= NAME_MAX
        for attempt in (1, 2, 999):
            assert AWS_JOB_NAME.fullmatch(made.job(attempt))
            assert len(made.job(attempt)) <= JOB_NAME_MAX
        assert made.model.startswith(name[:40].rstrip("-"))


def test_pipelines_that_are_cut_to_the_same_prefix_keep_different_names() -> None:
    one, other = names(pipeline="p" * 62 + "a"), names(pipeline="p" * 62 + "b")
    assert one.model[:40] == other.model[:40]
    assert not {one.model, one.staging_config, one.production_config} & {
        other.model,
        other.staging_config,
        other.production_config,
    }


def test_names_by_stage_and_attempt() -> None:
    made = names()
    assert made.endpoint(Stage.STAGING) == "iris-staging"
    assert made.endpoint(Stage.PRODUCTION) == "iris"
    assert re.fullmatch(r"iris-[0-9a-f]{12}", made.model)
    assert re.fullmatch(r"iris-staging-[0-9a-f]{12}", made.config(Stage.STAGING))
    assert re.fullmatch(r"iris-production-[0-9a-f]{12}", made.config(Stage.PRODUCTION))
    assert re.fullmatch(r"iris-[0-9a-f]{12}", made.job())
    assert made.job(2) == f"{made.job()}-2"


def test_client_tokens() -> None:
    assert client_token("a", "b") == client_token("a", "b")
    assert client_token("a", "b") != client_token("ab")
    assert len(client_token("a")) <= CLIENT_TOKEN_MAX
    assert re.fullmatch(r"[a-zA-Z0-9-]+", client_token("a"))


class TestEvidenceUri:
    def uri(self, run_id: str, **changes: Any) -> str:
        spec: PipelineSpec = a_spec(**changes)
        return evidence_uri(spec, names_for(spec, digests_of(spec)), run_id)

    def test_lies_under_the_prefix_by_pipeline_and_content(self) -> None:
        assert self.uri("manual__1") == f"s3://models/evidence/iris/{names().content[:12]}/manual__1.json"
        assert self.uri("r", evidence__prefix="s3://bucket/") == f"s3://bucket/iris/{names().content[:12]}/r.json"

    def test_each_run_has_its_own(self) -> None:
        ids = [
            "manual__2026-01-01T00:00:00+00:00",
            "manual__2026-01-01T00:00:00-00:00",
            "manual__2026-01-01T00-00-00-00-00",
        ]
        ids += ["a/../b", "x" * 250, "x" * 249 + "y", "ü"]
        assert len({self.uri(each) for each in ids}) == len(ids)

    def test_fits_into_a_packages_metadata(self) -> None:
        uri = self.uri("ü" * 250, pipeline="p" * 63, evidence__prefix="s3://" + "b" * 63 + "/" + "e" * 31)
        assert AWS_METADATA_VALUE.fullmatch(uri)


def test_tags() -> None:
    made = names()
    assert tags(made) == {"sluice:pipeline": "iris", "sluice:content": made.content}
    assert tags(made, Stage.STAGING)["sluice:stage"] == "staging"
    assert standing_tags("iris", Stage.PRODUCTION) == {"sluice:pipeline": "iris", "sluice:stage": "production"}


def test_a_description_leads_back_to_its_content() -> None:
    content = names().content
    assert content_in(package_description(content)) == content


@pytest.mark.parametrize("description", [None, "", "my model", "content sha256:abc", f"x content sha256:{'a' * 64}"])
def test_other_descriptions_hold_no_content(description: str | None) -> None:
    assert content_in(description) is None


def test_measured_again_only_the_job_has_another_name() -> None:
    spec = a_spec()
    first = names_for(spec, digests_of(spec))
    again = [
        names_for(spec, digests_of(spec), Measuring(round=each, instance_types=types))
        for each, types in (
            ("january", ("ml.c5.large",)),
            ("february", ("ml.c5.large",)),
            ("january", ("ml.m5.large",)),
        )
    ]
    assert len({each.job_stem for each in (first, *again)}) == 4
    assert all(dataclasses.replace(each, job_stem=first.job_stem) == first for each in again)
    assert all(AWS_JOB_NAME.fullmatch(each.job(999)) for each in again)


@pytest.mark.parametrize("pipeline", ["a", "x" * NAME_MAX, "a-" * 31 + "a"])
def test_a_twin_has_an_endpoint_of_its_own(pipeline: str) -> None:
    spec = a_spec(pipeline=pipeline)
    twin = twin_endpoint(spec)
    assert AWS_NAME.fullmatch(twin) and len(twin) <= NAME_MAX
    assert twin not in (spec.staging.endpoint, spec.production.endpoint)
    assert twin != twin_endpoint(a_spec(pipeline=pipeline, production__endpoint="other"))


def test_the_records_of_a_promotion_and_of_a_rebenchmark_do_not_meet() -> None:
    spec = a_spec()
    names = names_for(spec, digests_of(spec))
    assert rebenchmark_uri(spec, names, "scheduled__1") != evidence_uri(spec, names, "scheduled__1")
    assert rebenchmark_uri(spec, names, "scheduled__1").endswith("/rebenchmark/scheduled__1.json")
