"""What is tried again, and what would only end in the same way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.sdk import RetryAction
from sluice.dag_factory import build
from sluice.errors import BenchmarkFailed, SluiceError, SpecError
from sluice.operators.base import RETRY_WHAT_MAY_PASS, SluiceOperator
from sluice.plans.promotion import PROMOTION
from sluice.refusals.meaning import kind_of

from tests.fakes.specs import a_spec


def refused(code: str, message: str = "no") -> SluiceError:
    return kind_of(code, message)("CreateEndpoint", code, message, "iris")


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (refused("ValidationException"), RetryAction.FAIL, None),
        (refused("AccessDeniedException"), RetryAction.FAIL, None),
        (refused("ResourceLimitExceeded"), RetryAction.RETRY, timedelta(minutes=5)),
        (refused("ThrottlingException"), RetryAction.DEFAULT, None),
        (refused("SlowDown"), RetryAction.DEFAULT, None),
        (refused("ValidationException", 'Cannot update in-progress endpoint "iris".'), RetryAction.DEFAULT, None),
        (refused("SomethingNew"), RetryAction.DEFAULT, None),
        (SpecError("x", "wrong"), RetryAction.FAIL, None),
        (BenchmarkFailed("iris-job", "FAILED", None), RetryAction.FAIL, None),
        (ConnectionError("lost"), RetryAction.DEFAULT, None),
    ],
    ids=str,
)
def test_what_may_pass_is_tried_again(error: Exception, action: RetryAction, delay: timedelta | None) -> None:
    decision = RETRY_WHAT_MAY_PASS.evaluate(error, 1, 2)
    assert (decision.action, decision.retry_delay) == (action, delay)


def test_every_task_that_talks_to_aws_has_the_policy() -> None:
    tasks = [task for task in build(PROMOTION, a_spec()).tasks if isinstance(task, SluiceOperator)]
    assert len(tasks) == 10
    assert all(task.retry_policy is RETRY_WHAT_MAY_PASS for task in tasks)
