from __future__ import annotations

from include.sagemaker_local.load.course import Step
from include.sagemaker_local.load.enough import MIN_ANSWERS
from include.sagemaker_local.load.marks import Marks
from include.sagemaker_local.load.recorder import Answer, StageRecorder
from include.sagemaker_local.load.stage import Failure, StageResult

OK = Answer(3_000, containers_us={"featurize": 1_000, "predict": 1_500})
BROKEN = Answer(100, Failure.SERVER_ERROR, "HTTP 424 no")


def recorder(duration_s: float | None = 2) -> StageRecorder:
    """Users 2, begun at 0, warm-up until 1 s, measured for two seconds."""
    return StageRecorder(Step(2, warm_up_s=1, duration_s=duration_s, stage_s=2), begins_s=0)


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

    assert [stage.add(OK, 2 + number) for number in range(MIN_ANSWERS)] == [False] * (MIN_ANSWERS - 1) + [True]


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
