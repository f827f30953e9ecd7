from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sagemaker_local.store import Store
from include.sagemaker_local.store.records import JsonObject, ModelPackageRecord
from include.sagemaker_local.store.selection import (
    CREATED,
    ITEM,
    NAME,
    STATUS,
    TAG_VALUE,
    AllOf,
    AnyOf,
    Compares,
    Comparison,
    Contains,
    Exists,
    Field,
    Not,
    Position,
    Predicate,
    Selection,
    Some,
    Tagged,
    rows_query,
)
from tests.fakes.clock import ManualClock

REGION = "us-east-1"
TASK = Field("accepted_json", ("Task",))
CONTAINERS = Field("accepted_json", ("Specification", "Containers"))


def package(name: str, created_at_s: float, region: str = REGION, **accepted: JsonObject | str) -> ModelPackageRecord:
    return ModelPackageRecord(
        region=region,
        name=name,
        arn=f"arn:aws:sagemaker:{region}:123456789012:model-package/{name}",
        group_name=None,
        version=None,
        containers=(),
        approval_status=None,
        approval_description=None,
        customer_metadata={},
        client_token=None,
        created_at_s=created_at_s,
        modified_at_s=created_at_s,
        accepted=accepted,
    )


def specification(*images: str) -> JsonObject:
    return {"Containers": [{"Image": image} for image in images]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "s.db", ManualClock())
    for record in (
        package("Anna", 1.0, Task="a", Specification=specification("x", "y")),
        package("bert", 2.0, Task="b", Specification=specification("y")),
        package("carl", 2.0),
        package("dora", 3.0, Task='say "a"'),
        package("elsewhere", 3.0, region="eu-west-1"),
    ):
        made.add_model_package(record)
    made.put_tags(package("bert", 2.0).arn, {"owner": "risk"})
    made.put_tags(package("carl", 2.0).arn, {"owner": "it", "tier": "1"})
    yield made
    made.close()


def names(store: Store, selection: Selection) -> list[str]:
    return [record.name for record in store.model_packages(selection).records]


def holds(predicate: Predicate) -> Selection:
    return Selection(REGION, (predicate,))


EQUALS = Comparison.EQUALS


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Compares(NAME, EQUALS, "BERT"), ["bert"]),  # names compare without regard to case
        (Compares(NAME, Comparison.DIFFERS, "bert"), ["Anna", "carl", "dora"]),
        (Compares(CREATED, Comparison.ABOVE, 2.0), ["dora"]),
        (Compares(CREATED, Comparison.FROM, 2.0), ["bert", "carl", "dora"]),
        (Compares(CREATED, Comparison.UP_TO, 1.0), ["Anna"]),
        (Compares(TASK, EQUALS, "b"), ["bert"]),
        (Compares(TASK, Comparison.DIFFERS, "b"), ["Anna", "carl", "dora"]),  # also where there is no value
        (Compares(TASK, EQUALS, 'say "a"'), ["dora"]),
        (Compares(Field("accepted_json", ('x"); DROP TABLE tags; --',)), EQUALS, "b"), []),
        (Contains(NAME, "R"), ["bert", "carl", "dora"]),
        (Contains(TASK, "A"), ["Anna", "dora"]),
        (Exists(TASK), ["Anna", "bert", "dora"]),
        (Not(Exists(TASK)), ["carl"]),
        (Tagged("owner"), ["bert", "carl"]),
        (Tagged("owner", Compares(TAG_VALUE, EQUALS, "it")), ["carl"]),
        (Not(Tagged("tier")), ["Anna", "bert", "dora"]),
        (Some(CONTAINERS, Compares(Field(ITEM, ("Image",)), EQUALS, "y")), ["Anna", "bert"]),
        (Some(CONTAINERS, Compares(Field(ITEM, ("Image",)), EQUALS, "z")), []),
        (AllOf((Exists(TASK), Contains(NAME, "b"))), ["bert"]),
        (AnyOf((Compares(TASK, EQUALS, "a"), Contains(NAME, "o"))), ["Anna", "dora"]),
        (Not(AnyOf((Compares(TASK, EQUALS, "a"), Compares(TASK, EQUALS, "b")))), ["dora"]),
    ],
)
def test_predicates(store: Store, predicate: Predicate, expected: list[str]) -> None:
    assert names(store, holds(predicate)) == expected
    assert store.count_model_packages(holds(predicate)) == len(expected)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort_by", [NAME, CREATED, TASK, Field("version")])
def test_pages_together_are_everything_once_and_in_order(store: Store, sort_by: Field, descending: bool) -> None:
    everything = names(store, Selection(REGION, sort_by=sort_by, descending=descending))
    seen: list[str] = []
    after: Position | None = None
    while True:
        found = store.model_packages(Selection(REGION, (), sort_by, descending, size=1, after=after))
        seen += [record.name for record in found.records]
        after = found.last
        if after is None:
            break
    assert seen == everything
    assert sorted(seen) == ["Anna", "bert", "carl", "dora"]


def test_equal_values_come_in_the_order_in_which_they_were_made(store: Store) -> None:
    assert names(store, Selection(REGION)) == ["Anna", "bert", "carl", "dora"]
    assert names(store, Selection(REGION, descending=True)) == ["dora", "carl", "bert", "Anna"]


def test_nothing_is_skipped_or_repeated_when_what_was_shown_is_deleted(store: Store) -> None:
    first = store.model_packages(Selection(REGION, size=2))
    for record in first.records:
        store.remove_model_package(REGION, record.arn)
    assert names(store, Selection(REGION, size=2, after=first.last)) == ["carl", "dora"]


def test_the_last_page_says_so(store: Store) -> None:
    assert store.model_packages(Selection(REGION, size=4)).last is None
    assert store.model_packages(Selection(REGION, size=3)).last == Position(2.0, 3)
    assert store.model_packages(Selection("sa-east-1", size=3)).last is None


def plan(store: Store, table: str, selection: Selection) -> str:
    query = rows_query(table, table, selection)
    rows = store._database.rows(f"EXPLAIN QUERY PLAN {query.sql}", query.parameters)  # what only SQLite itself can say
    return " ".join(row["detail"] for row in rows)


@pytest.mark.parametrize(
    ("table", "selection"),
    [
        ("models", Selection(REGION, size=10)),
        ("models", Selection(REGION, sort_by=NAME, size=10, after=Position("m", 7))),
        ("endpoints", Selection(REGION, descending=True, size=10, after=Position(1.0, 7))),
        ("endpoints", Selection(REGION, sort_by=STATUS, size=10)),
        ("endpoint_configs", Selection(REGION, descending=True, size=10)),
        ("model_packages", Selection(REGION, size=10, after=Position(1.0, 7))),
        ("model_packages", Selection(REGION, (Compares(Field("group_name"), EQUALS, "g"),), size=10)),
        ("model_packages", Selection(REGION, (Not(Exists(Field("group_name"))),), size=10)),
        ("model_package_groups", Selection(REGION, size=10)),
        ("transform_jobs", Selection(REGION, size=10)),
        ("recommendation_jobs", Selection(REGION, size=10)),
    ],
)
def test_a_page_is_read_from_an_index_and_not_sorted(store: Store, table: str, selection: Selection) -> None:
    found = plan(store, table, selection)
    assert "USING INDEX" in found
    assert "TEMP B-TREE" not in found
