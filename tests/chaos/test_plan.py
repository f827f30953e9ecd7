"""That the suite strikes all that it should, and that a number means the same course tomorrow."""

from __future__ import annotations

from sluice.dag_factory import RETRIES

from tests.chaos.plan import MAPPED_JOB, SEEDS, TO_PRODUCTION, WAITS, Candidate, Moment, Strike, Victim, course

SUITE = tuple(map(course, SEEDS))
STRIKES = {strike for each in SUITE for strike in each.strikes}
TASKS_THAT_CALL_AWS = {
    "preflight", "register_package", "create_model", "deploy_staging", "recommend", "judge", "promote", "verify",
    "reject", "report",
}  # fmt: skip


def killed(*victims: Victim) -> set[str]:
    """The tasks in which one of them is killed."""
    return {strike.point.task for strike in STRIKES if strike.victim in victims}


def test_there_are_at_least_twenty_runs() -> None:
    assert len(SUITE) >= 20
    assert len({each.pipeline for each in SUITE}) == len(SUITE)


def test_a_worker_is_killed_in_every_task_that_calls_aws() -> None:
    assert killed(Victim.TASK, Victim.WORKER) == TASKS_THAT_CALL_AWS | {MAPPED_JOB.task}


def test_the_triggerer_is_killed_in_every_wait() -> None:
    assert {strike.point for strike in STRIKES if strike.victim is Victim.TRIGGERER} == set(WAITS)
    assert all(strike.point.waiting for strike in STRIKES if strike.victim is Victim.TRIGGERER)


def test_everybody_is_killed_and_on_both_sides_of_a_call() -> None:
    assert {strike.victim for strike in STRIKES} == set(Victim)
    assert {strike.moment for strike in STRIKES} == set(Moment)


def test_whatever_creates_something_is_killed_after_the_service_has_done_it() -> None:
    creating = {point for point in TO_PRODUCTION if point.operation.startswith("Create")}
    assert creating <= {strike.point for strike in STRIKES if strike.moment is Moment.AFTER}


def test_one_run_is_struck_once_more_than_it_has_retries() -> None:
    (fails,) = [each for each in SUITE if not each.survives]
    assert len(fails.strikes) == RETRIES + 1 and len(set(fails.strikes)) == 1


def test_good_and_refused_candidates_are_throttled() -> None:
    assert {each.candidate for each in SUITE if each.throttled} == {Candidate.GOOD, Candidate.SLOW}


def test_kinds_of_strikes_that_all_runs_feel_do_not_meet() -> None:
    for turn in (2, 3):
        together = [each for each in SUITE if each.turn == turn]
        assert together and all(len(each.strikes) == 1 and not each.throttled for each in together)


def test_a_refused_candidate_finds_a_production_to_leave_alone() -> None:
    assert all(each.has_production for each in SUITE if each.candidate is Candidate.SLOW)


def test_what_all_runs_share_is_not_killed_while_single_runs_are_struck() -> None:
    shared = set(Victim) - {Victim.TASK, Victim.WORKER}
    assert not {strike.victim for each in SUITE if each.turn < 2 for strike in each.strikes} & shared


def test_the_same_number_is_the_same_course() -> None:
    assert [str(course(seed)) for seed in (23, 4711)] == [str(course(seed)) for seed in (23, 4711)]


def test_a_number_beyond_the_suite_is_a_mixture_that_can_happen() -> None:
    for seed in range(100, 200):
        near, wait, far = course(seed).strikes
        assert near.point in TO_PRODUCTION and far.point in TO_PRODUCTION and wait.point in WAITS
        assert course(seed).turn == max(each.turn for each in SUITE)


def test_a_strike_says_what_it_is() -> None:
    strike = Strike(Victim.TRIGGERER, Moment.AFTER, WAITS[0])
    assert str(strike) == "triggerer after deploy_staging (waiting): DescribeEndpoint"
