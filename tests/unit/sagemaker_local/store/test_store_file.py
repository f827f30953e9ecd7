"""The store's file: what is refused, taken on, emptied and not lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.lifecycle import (
    JobStatus,
)
from include.sagemaker_local.store import Store
from include.sagemaker_local.store.records import (
    RecommendationStepRecord,
)
from tests.fakes.clock import ManualClock
from tests.fakes.stored import REGION, arn, endpoint, group, job, version
from tests.fakes.transforms import transform_record


def test_what_was_written_is_there_in_another_connection_without_closing_the_first(
    tmp_path: Path, store: Store, clock: ManualClock
) -> None:
    store.add_endpoint(endpoint())
    other = Store(tmp_path / "data" / "sagemaker.db", clock)
    assert other.endpoint(REGION, "staging") == endpoint()
    other.close()


def test_a_file_that_was_written_before_transform_jobs_were_kept_is_taken_on(
    tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "data" / "sagemaker.db"
    before = Store(path, clock)
    before.add_endpoint(endpoint())
    before.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE transform_jobs")
    connection.close()
    after = Store(path, clock)
    after.add_transform_job(transform_record())
    assert after.endpoint(REGION, "staging") == endpoint()
    after.close()


def test_reset_empties_everything(tmp_path: Path, store: Store) -> None:
    store.add_model_package_group(group())
    store.add_model_package(version(1))
    store.add_endpoint(endpoint())
    store.add_job(job())
    store.put_step(REGION, RecommendationStepRecord("bench", 0, JobStatus.PENDING, {}))
    store.add_transform_job(transform_record())
    store.put_tags(endpoint().arn, {"owner": "risk"})
    store.reset()
    with sqlite3.connect(tmp_path / "data" / "sagemaker.db") as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # noqa: S608
    connection.close()
    assert len(counts) > 10
    assert set(counts.values()) == {0}


@pytest.mark.parametrize("change", ["status = 'Sleeping'", "live_json = '{'"])
def test_the_schema_refuses_what_no_record_can_be(tmp_path: Path, store: Store, change: str) -> None:
    store.add_endpoint(endpoint())
    with sqlite3.connect(tmp_path / "data" / "sagemaker.db") as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"UPDATE endpoints SET {change}")  # noqa: S608
    connection.close()


def test_a_file_that_is_no_database_is_said_in_one_line(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "sagemaker.db"
    path.write_bytes(b"this is not SQLite" * 100)
    with pytest.raises(HostError, match=r"sagemaker\.db") as caught:
        Store(path, clock)
    assert "\n" not in str(caught.value)


def test_a_directory_that_cannot_be_made_is_said_in_one_line(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HostError, match="cannot use the database"):
        Store(tmp_path / "file" / "sagemaker.db", clock)


def test_a_file_of_another_schema_version_is_left_alone(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "sagemaker.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(HostError, match="schema 99"):
        Store(path, clock)


def test_a_full_disk_is_the_hosts_fault_and_loses_nothing(store: Store) -> None:
    store.add_endpoint(endpoint())
    pages = store._database.row("PRAGMA page_count")
    assert pages is not None
    store._database.row(f"PRAGMA max_page_count = {pages[0]}")  # SQLite's own way to say that there is no more room
    with pytest.raises(HostError, match="full"):
        for number in range(1000):
            store.put_tags(arn("model", str(number)), {"key": "x" * 256})
    assert store.endpoint(REGION, "staging") == endpoint()
