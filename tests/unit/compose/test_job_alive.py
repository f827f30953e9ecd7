"""The health check of scheduler, triggerer and DAG processor asks Airflow's own table by Airflow's own bound."""

from __future__ import annotations

import re

import pytest
from airflow.configuration import conf
from airflow.jobs.job import Job, JobState

from include.compose.job_alive import QUERY, THRESHOLD_S, verdict


def test_the_bound_is_airflows_for_each_of_the_three() -> None:
    assert conf.getint("scheduler", "scheduler_health_check_threshold") == THRESHOLD_S
    assert conf.getint("triggerer", "triggerer_health_check_threshold") == THRESHOLD_S
    assert conf.getint("dag_processor", "health_check_threshold") == THRESHOLD_S


def test_the_table_and_its_columns_are_airflows() -> None:
    assert f"FROM {Job.__table__.name}" in QUERY
    named = set(re.findall(r"\b(latest_heartbeat|job_type|state|hostname)\b", QUERY))
    assert named <= set(Job.__table__.columns.keys())
    assert f"'{JobState.RUNNING}'" in QUERY


@pytest.mark.parametrize(("age_s", "wrong"), [(0.0, None), (29.9, None), (30.0, "30 s old"), (None, "no TriggererJob")])
def test_a_job_is_alive_while_its_heartbeat_is_young(age_s: float | None, wrong: str | None) -> None:
    said = verdict("TriggererJob", age_s)
    assert said is None if wrong is None else wrong in str(said)
