from __future__ import annotations

import pickle
from random import Random

import pytest

from include.sagemaker_local.load.answer_log import AnswerLog, Batch
from include.sagemaker_local.load.answers import Answer
from include.sagemaker_local.load.course import Step
from include.sagemaker_local.load.enough import MIN_ANSWERS
from include.sagemaker_local.load.marks import Marks
from include.sagemaker_local.load.recorder import StageRecorder
from include.sagemaker_local.load.stage import Failure, StageResult

OK = Answer(3_000, containers_us={"featurize": 1_000, "predict": 1_500})
BROKEN = Answer(100, Failure.SERVER_ERROR, "HTTP 424 no")


class Recorder:
    """Users 2, begun at 0, warm-up until 1 s, measured for two seconds. Takes answers one by one."""

    def __init__(self, duration_s: float | None = 2) -> None:
        self.stage = StageRecorder(Step(2, warm_up_s=1, duration_s=duration_s, stage_s=2), begins_ns=0)

    def add(self, answer: Answer, now_s: float) -> bool:
        return self.stage.take(batch((answer, now_s)))

    def result(self, now_s: float) -> StageResult:
        return self.stage.result(round(now_s * 1e9))


def batch(*answers: tuple[Answer, float]) -> Batch:
    log = AnswerLog()
    for answer, now_s in answers:
        log.note(answer, 0, round(now_s * 1e9))
    return log.take()


def recorder(duration_s: float | None = 2) -> Recorder:
    return Recorder(duration_s)


def test_answers_of_the_warm_up_are_in_no_figure() -> None:
    stage = recorder()
    for answer in (OK, BROKEN, OK):
        assert not stage.add(answer, 0.5)
    stage.add(OK, 1.0)
    stage.add(OK, 2.0)

    assert stage.add(OK, 3.0)
    result = stage.result(99)
    assert (result.succeeded, result.failed, result.first_failure) == (2, 0, None)


def test_the_measured_part_begins_and_ends_with_an_answer() -> None:
    stage = recorder()
    for now_s in (0.7, 1.4, 2.1, 2.8, 3.5):  # one user, 0.7 s a request
        stage.add(OK, now_s)

    result = stage.result(99)

    assert round(result.span_s, 9) == 2.1
    assert round(result.per_second, 9) == round(1 / 0.7, 9)


def test_an_adaptive_stage_goes_on_until_it_has_enough_answers() -> None:
    stage = recorder(duration_s=None)
    stage.add(OK, 1)

    # There are enough at second 1 + MIN_ANSWERS; the next one would be due a second later, and closes.
    answers = [stage.add(OK, 2 + number) for number in range(MIN_ANSWERS + 1)]
    assert answers == [False] * MIN_ANSWERS + [True]


def test_both_ends_of_the_measured_part_are_the_beginning_of_a_burst() -> None:
    stage = recorder(duration_s=None)
    bursts = [(OK, moment + part) for moment in range(1, 20) for part in (0.0, 0.001, 0.002)]
    assert stage.stage.take(batch(*bursts))

    result = stage.result(99)

    assert result.span_s == pytest.approx(4.0)  # 10 answers within the fourth burst
    assert result.per_second == pytest.approx(3.0)


def test_the_pace_of_predictions_is_kept() -> None:
    stage = recorder()
    for now_s in (1.0, 1.5, 2.5):
        stage.add(OK, now_s)
    stage.add(BROKEN, 2.75)
    stage.add(OK, 3.0)

    assert stage.result(99).marks == Marks(1, (0.0, 0.5, 1.5, 2.0))


def test_answers_after_the_end_change_nothing() -> None:
    stage = recorder()
    stage.add(OK, 1)
    stage.add(OK, 3)
    before = stage.result(99)

    assert stage.add(BROKEN, 4)
    assert stage.result(99) == before


def test_latencies_are_kept_for_the_client_the_model_and_each_container() -> None:
    stage = recorder()
    stage.add(OK, 1)
    stage.add(OK, 3)

    result = stage.result(99)

    assert (result.latency.sum_us, result.model_latency.sum_us) == (3_000, 2_500)
    assert {name: each.sum_us for name, each in result.container_latency.items()} == {
        "featurize": 1_000,
        "predict": 1_500,
    }


def test_failures_are_counted_by_class_and_stay_out_of_the_latencies() -> None:
    stage = recorder()
    stage.add(OK, 1)
    stage.add(BROKEN, 1.5)
    stage.add(Answer(5, Failure.TIMEOUT, "late"), 2)
    stage.add(BROKEN, 3)

    result = stage.result(99)

    assert result.failures == {Failure.SERVER_ERROR: 2, Failure.TIMEOUT: 1}
    assert (result.first_failure, result.latency.count, result.failure_share) == ("HTTP 424 no", 0, 1.0)


def test_a_stage_that_is_cut_off_ends_at_that_moment() -> None:
    stage = recorder(duration_s=None)
    stage.add(OK, 10)
    stage.add(OK, 20)

    result = stage.result(50)

    assert (result.succeeded, result.span_s) == (1, 40)


def test_a_stage_without_any_answer_has_failed() -> None:
    result = recorder().result(60)

    assert (result.succeeded, result.span_s, result.per_second, result.failure_share) == (0, 0, 0, 1.0)


def test_results_survive_json() -> None:
    stage = recorder()
    stage.add(OK, 1)
    stage.add(BROKEN, 2)
    stage.add(OK, 3)
    result = stage.result(99)

    assert StageResult.from_json(result.to_json()) == result


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_how_answers_are_put_together_makes_no_difference(size: int) -> None:
    random = Random(5)
    answers = [(random.choice([OK, OK, OK, BROKEN, Answer(7)]), number / 20) for number in range(1, 100)]
    one_by_one, in_batches = recorder(), recorder()

    for answer, now_s in answers:
        one_by_one.add(answer, now_s)
    for begin in range(0, len(answers), size):
        in_batches.stage.take(batch(*answers[begin : begin + size]))

    assert in_batches.result(99) == one_by_one.result(99)
    assert in_batches.result(99).span_s == 2


def test_an_answer_in_a_hurry_counts_as_any_other() -> None:
    stage, log = recorder(), AnswerLog()
    for now_s in (1, 2, 3):  # as connections write what they recognise
        log.batch.latencies_us.append(now_s)
        log.batch.ends_ns.append(now_s * 10**9)

    assert stage.stage.take(log.take())
    result = stage.result(99)
    assert (result.succeeded, result.latency.sum_us, result.model_latency.count) == (2, 5, 0)
    assert log.take() == Batch()


def test_an_open_loop_also_has_how_long_requests_took_once_they_were_sent() -> None:
    stage, log = recorder(), AnswerLog(timed=True)
    log.succeeded(900, 9, 1 * 10**9)
    log.succeeded(500, 5, 2 * 10**9)
    log.note(BROKEN, 3, 2 * 10**9)
    log.note(OK, 7, 3 * 10**9)
    stage.stage.take(log.take())

    result = stage.result(99)

    assert (result.latency.sum_us, result.service_latency.sum_us) == (3_500, 12)
    assert result.service_latency.count == result.succeeded == 2


def test_what_is_kept_of_a_step_does_not_grow_with_its_length() -> None:
    stage = StageRecorder(Step(2, duration_s=3_600), begins_ns=0)
    log, random, sizes = AnswerLog(timed=True), Random(3), []
    latencies_us = [int(random.lognormvariate(9, 1)) for _ in range(500)]
    for second in range(60):
        for number, latency_us in enumerate(latencies_us):
            log.succeeded(latency_us, latency_us, second * 10**9 + number * 10**6)
        stage.take(log.take())
        assert log.batch == Batch()
        if second % 30 == 29:
            sizes.append(len(pickle.dumps(stage)))

    half, whole = sizes
    assert whole < half * 1.05
    assert stage.result(0).succeeded == 60 * 500 - 1
