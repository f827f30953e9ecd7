"""What every container runtime does, the tests' fake included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sagemaker_local.errors import ArtifactError, ContainerError
from tests.fakes.runtimes import (
    BOUND_S,
    EXIT_STATUS,
    LAST_WORDS,
    LIMITS,
    Behaviour,
    Bench,
    docker_bench,
    fake_bench,
    process_bench,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["fake", "process", "docker"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "docker":
        socket: Path = request.getfixturevalue("docker_socket")
        made = docker_bench(directory, socket)
    else:
        made = {"fake": fake_bench, "process": process_bench}[request.param](directory)
    with made as opened:
        yield opened


def test_containers_of_an_instance_answer_ping_each_on_its_own_port(bench: Bench) -> None:
    first, second = bench.start("first", Behaviour.SERVES), bench.start("second", Behaviour.SERVES)
    bench.ready(first)
    bench.ready(second)
    assert (first.name, second.name) == ("first", "second")
    assert (first.host, second.host) == ("127.0.0.1", "127.0.0.1")
    assert first.port != second.port
    assert first.exit_code() is None


def test_one_that_runs_says_what_it_uses(bench: Bench) -> None:
    running = bench.ready(bench.start("busy", Behaviour.SERVES))
    first, second = bench.usage(running), bench.usage(running)
    assert first is not None
    assert second is not None
    assert 0 < first.cpu_s <= second.cpu_s < BOUND_S
    assert 0 < second.memory_bytes < LIMITS.memory_gib * 1024**3
    bench.stop(running)
    assert bench.usage(running) is None


def test_a_stopped_container_has_an_exit_code_and_does_not_listen(bench: Bench) -> None:
    running = bench.ready(bench.start("stopped", Behaviour.SERVES))
    bench.stop(running)
    assert running.exit_code() is not None
    assert bench.ping(running) is None
    bench.stop(running)  # once more does no harm


def test_one_that_is_stopped_before_it_is_ready_is_gone_too(bench: Bench) -> None:
    running = bench.start("brief", Behaviour.SERVES)
    bench.stop(running, grace_s=1)
    assert running.exit_code() is not None
    assert bench.ping(running) is None


def test_sigterm_that_is_ignored_is_followed_by_sigkill(bench: Bench) -> None:
    running = bench.ready(bench.start("stubborn", Behaviour.STUBBORN))
    bench.stop(running, grace_s=0.5)
    assert running.exit_code() is not None
    assert bench.ping(running) is None


def test_one_that_ends_by_itself_leaves_its_status_and_its_last_words(bench: Bench) -> None:
    running = bench.start("exits", Behaviour.EXITS)
    bench.until(lambda: running.exit_code() is not None, "it has ended")
    assert running.exit_code() == EXIT_STATUS
    assert LAST_WORDS in "\n".join(running.log_tail(50))
    assert running.log_tail(1) == running.log_tail(50)[-1:]
    assert running.log_tail(0) == ()
    assert LAST_WORDS in bench.placement("exits").log_file.read_text()
    bench.stop(running, grace_s=0)
    assert running.exit_code() == EXIT_STATUS


def test_a_container_starts_again_in_the_same_place(bench: Bench) -> None:
    dead = bench.start("again", Behaviour.EXITS)
    bench.until(lambda: dead.exit_code() is not None, "it has ended")
    bench.stop(dead, grace_s=0)
    bench.ready(bench.start("again", Behaviour.SERVES))
    assert LAST_WORDS in bench.placement("again").log_file.read_text()  # the log goes on where it was


REFUSED = {
    Behaviour.UNKNOWN_IMAGE: ContainerError,
    Behaviour.NO_ARTIFACT: ArtifactError,
    Behaviour.BAD_ARTIFACT: ArtifactError,
}


@pytest.mark.parametrize("behaviour", REFUSED)
def test_what_cannot_be_started_is_refused(behaviour: Behaviour, bench: Bench) -> None:
    with pytest.raises(REFUSED[behaviour]):
        bench.start("refused", behaviour)
