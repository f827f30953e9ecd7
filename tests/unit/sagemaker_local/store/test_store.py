"""Records of every kind: what was written comes back, by name, region, group and tag."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from include.sagemaker_local.lifecycle import (
    JobStatus,
)
from include.sagemaker_local.store import Store
from include.sagemaker_local.store.records import (
    EndpointConfigRecord,
    ModelRecord,
    RecommendationStepRecord,
    VariantRecord,
)
from include.sagemaker_local.store.selection import Compares, Comparison, Field, Selection
from tests.fakes.stored import CHAIN, REGION, arn, endpoint, group, job, version


def test_every_kind_of_record_comes_back_as_it_went_in(store: Store) -> None:
    model = ModelRecord(REGION, "pipeline", arn("model", "pipeline"), CHAIN, 1.5, {"Containers": []})
    variant = VariantRecord("AllTraffic", "pipeline", "ml.c5.large", 1, 1.0, startup_timeout_s=60.0)
    config = EndpointConfigRecord(REGION, "config-1", arn("endpoint-config", "config-1"), (variant,), 1.5, {})
    step = RecommendationStepRecord("bench", 0, JobStatus.IN_PROGRESS, {"ModelConfiguration": {}})
    store.add_model_package_group(group())
    store.add_model_package(version(1))
    store.add_model(model)
    store.add_endpoint_config(config)
    store.add_endpoint(endpoint())
    store.add_job(job())
    store.put_step(REGION, step)

    assert store.model_package_group(REGION, "Fraud") == group()
    assert store.model_package(REGION, version(1).arn) == version(1)
    assert store.model(REGION, "pipeline") == model
    assert store.endpoint_config(REGION, "config-1") == config
    assert store.endpoint(REGION, "staging") == endpoint()
    assert store.job(REGION, "bench") == job()
    assert store.steps(REGION, "bench") == [step]


def test_a_name_means_the_same_resource_in_any_case_and_keeps_its_spelling(store: Store) -> None:
    store.add_endpoint(endpoint("Staging"))
    found = store.endpoint(REGION, "STAGING")
    assert found is not None
    assert found.name == "Staging"
    with pytest.raises(sqlite3.IntegrityError):
        store.add_endpoint(endpoint("staging"))


def test_regions_are_apart(store: Store) -> None:
    store.add_endpoint(endpoint())
    store.add_endpoint(endpoint(region="eu-west-1"))
    store.remove_endpoint(REGION, "staging")
    assert store.endpoint(REGION, "staging") is None
    assert store.endpoint("eu-west-1", "staging") is not None
    assert [record.region for record in store.endpoints()] == ["eu-west-1"]


def test_version_numbers_are_never_used_again(store: Store) -> None:
    store.add_model_package_group(group())
    assert [store.take_version(REGION, "fraud") for _ in range(2)] == [1, 2]
    store.add_model_package(version(2))
    store.remove_model_package(REGION, version(2).arn)
    assert store.take_version(REGION, "Fraud") == 3
    with pytest.raises(LookupError):
        store.take_version(REGION, "nowhere")


def versions_of(store: Store, group_name: str) -> list[int | None]:
    in_group = Compares(Field("group_name"), Comparison.EQUALS, group_name)
    return [package.version for package in store.model_packages(Selection(REGION, (in_group,))).records]


def test_packages_by_group_and_by_token(store: Store) -> None:
    store.add_model_package_group(group())
    store.add_model_package(version(1, token="one"))
    store.add_model_package(version(2))
    store.add_model_package(version(3))  # several packages may be without a token
    assert versions_of(store, "FRAUD") == [1, 2, 3]
    assert versions_of(store, "other") == []
    assert store.model_package_by_token(REGION, "one") == version(1, token="one")
    assert store.model_package_by_token("eu-west-1", "one") is None
    changed = replace(version(2), approval_status="Approved", approval_description="by hand", modified_at_s=300.0)
    store.replace_model_package(changed)
    assert store.model_package(REGION, changed.arn) == changed


def test_a_group_that_has_packages_cannot_be_removed(store: Store) -> None:
    store.add_model_package_group(group())
    store.add_model_package(version(1))
    with pytest.raises(sqlite3.IntegrityError):
        store.remove_model_package_group(REGION, "Fraud")
    assert store.model_package_group(REGION, "Fraud") is not None


def test_tags_go_with_their_resource(store: Store) -> None:
    store.add_endpoint(endpoint())
    tagged = endpoint().arn
    store.put_tags(tagged, {"owner": "risk", "stage": "test"})
    store.put_tags(tagged, {"stage": "production"})
    store.remove_tags(tagged, ["owner", "nothing"])
    assert store.tags(tagged) == {"stage": "production"}
    store.remove_endpoint(REGION, "STAGING")
    assert store.tags(tagged) == {}


def test_a_transaction_is_all_or_nothing_and_may_be_nested(store: Store) -> None:
    with pytest.raises(RuntimeError, match="half way"), store.transaction():
        store.add_endpoint(endpoint())
        with store.transaction():
            store.put_tags(endpoint().arn, {"owner": "risk"})
        raise RuntimeError("half way")
    assert store.endpoint(REGION, "staging") is None
    assert store.tags(endpoint().arn) == {}
    store.add_endpoint(endpoint())  # the next transaction is not disturbed
