"""Real containers with several workers: they work at the same time, and the container survives their deaths."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from include.sagemaker_local.runtime.running import RunningProcess
from tests.fakes.process_containers import PROBE, Fleet, do, fleet, ping

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet")) as made:
        yield made


@pytest.fixture(scope="module")
def pair(started: Fleet) -> RunningProcess:
    environment = {"SAGEMAKER_MODEL_SERVER_WORKERS": "2", "SAGEMAKER_MODEL_SERVER_TIMEOUT": "20"}
    return started.start_ready("pair", {"code/inference.py": PROBE}, environment=environment)


def test_two_requests_are_worked_on_at_the_same_time(pair: RunningProcess) -> None:
    with ThreadPoolExecutor(2) as threads:
        one, two = [call.result().json for call in [threads.submit(do, pair, "busy", seconds=0.5) for _ in range(2)]]
    assert one["pid"] != two["pid"]
    assert max(one["start"], two["start"]) < min(one["end"], two["end"])  # on the clock that both workers share


@pytest.mark.parametrize(("how", "words"), [("exit", "exit status 1"), ("die", "SIGKILL")])
def test_a_dead_worker_is_replaced(how: str, words: str, pair: RunningProcess, started: Fleet) -> None:
    failed = do(pair, how)
    assert failed.status == 500
    assert b"the model process exited" in failed.body
    started.until(lambda: ping(pair) == 200, "the container has all its workers again")
    assert do(pair, "busy", seconds=0).status == 200
    assert pair.exit_code() is None
    assert any(words in line for line in pair.log_tail(30))


def test_a_failure_is_one_access_line_and_success_is_none(pair: RunningProcess) -> None:
    before = len(pair.log_tail(1000))
    do(pair, "busy", seconds=0)
    assert len(pair.log_tail(1000)) == before
    assert do(pair, "fail").status == 500
    assert sum("POST /invocations 500" in line for line in pair.log_tail(1000)[before:]) == 1
