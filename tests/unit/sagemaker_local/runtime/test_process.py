"""Containers as processes: what they are given, what they may not see, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ArtifactError, ContainerError
from include.sagemaker_local.runtime.contract import InstanceLimits, Placement
from include.sagemaker_local.runtime.image_environments import prepare_environments
from include.sagemaker_local.runtime.process import ProcessRuntime
from include.sagemaker_local.runtime.running import RunningProcess
from include.sagemaker_local.settings import Settings, user_environments_dir
from tests.fakes.archives import tar_gz
from tests.fakes.objects import DictObjects
from tests.fakes.process_containers import PROBE, SKLEARN, XGBOOST, Fleet, alive, do, fleet, get, ping, post
from tests.fakes.wheels import only_wheels_of, wheel

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[4]
ONE_CPU = InstanceLimits("ml.one.large", 1, 3.5)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet")) as made:
        yield made


@pytest.fixture(scope="module")
def probe(started: Fleet) -> RunningProcess:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SECRET_ACCESS_KEY", "the server's own")
        patch.setenv("AIRFLOW_HOME", "/somewhere")
        return started.start_ready(
            "probe",
            {"code/inference.py": PROBE, "weights.bin": b"w"},
            environment={"MINE": "1", "SAGEMAKER_BASE_DIR": "/ignored"},
            limits=ONE_CPU,
        )


@pytest.fixture(scope="module")
def about(probe: RunningProcess) -> dict[str, Any]:
    answer = do(probe, "about")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def test_the_environment_is_what_the_platform_sets_and_nothing_else(
    about: dict[str, Any], probe: RunningProcess
) -> None:
    environment = about["environment"]
    set_within = {"LC_CTYPE", "KMP_INIT_AT_FORK", "KMP_DUPLICATE_LIB_OK"}  # by Python (PEP 538) and scikit-learn
    assert set(environment) - set_within == {
        "MINE", "PATH", "HOME", "HOSTNAME", "LANG", "AWS_REGION", "SAGEMAKER_REGION", "SAGEMAKER_BASE_DIR",
        "SAGEMAKER_BIND_TO_PORT", "SAGEMAKER_SAFE_PORT_RANGE", "SAGEMAKER_MODEL_SERVER_WORKERS", "OMP_NUM_THREADS",
        "PYTHONPATH", "PYTHONUNBUFFERED", "SAGEMAKER_SUBMIT_DIRECTORY",
    }  # fmt: skip
    assert environment["SAGEMAKER_BIND_TO_PORT"] == str(probe.port)
    assert environment["SAGEMAKER_BASE_DIR"] == f"{about['cwd']}/ml"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["PYTHONPATH"] == str(PROJECT)
    assert environment["SAGEMAKER_SUBMIT_DIRECTORY"] == f"{about['cwd']}/ml/model/code"


def test_the_instance_bounds_cpus_and_memory(about: dict[str, Any]) -> None:
    assert about["environment"]["SAGEMAKER_MODEL_SERVER_WORKERS"] == "1"
    if hasattr(os, "sched_setaffinity"):
        assert len(about["cpus"]) == 1
    assert about["data_limit"] == int(3.5 * 1024**3)


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are read from /proc")
def test_user_code_inherits_one_socket_and_no_listener(about: dict[str, Any]) -> None:
    assert len([name for name in about["descriptors"] if name.startswith("socket:")]) == 1
    assert not [name for name in about["descriptors"] if name.startswith("pipe:")]


def test_the_log_holds_both_streams_and_its_tail_is_the_end_of_it(probe: RunningProcess) -> None:
    assert do(probe, "fail").status == 500
    tail = "\n".join(probe.log_tail(200))
    assert "loading " in tail  # user code's print
    assert "RuntimeError: user code failed on purpose" in tail
    assert "scikit-learn 1.4.2 serves" in tail  # the version that the tag 1.4-2 names
    assert probe.log_tail(1) == probe.log_tail(200)[-1:]
    assert probe.log_tail(0) == ()


def test_containers_of_one_instance_share_its_cpus(started: Fleet, about: dict[str, Any]) -> None:
    second = started.start_ready("second", {"code/inference.py": PROBE}, limits=ONE_CPU)
    found = do(second, "about").json
    assert found["cpus"] == about["cpus"]
    assert found["environment"]["SAGEMAKER_SAFE_PORT_RANGE"] != about["environment"]["SAGEMAKER_SAFE_PORT_RANGE"]
    assert found["cwd"] != about["cwd"]


def test_stop_takes_workers_and_their_children_along(started: Fleet) -> None:
    running = started.start_ready("stubborn", {"code/inference.py": PROBE})
    spawned = do(running, "spawn").json
    pids = (running.pid, spawned["pid"], spawned["child"])
    assert all(map(alive, pids))
    started.stop(running, grace_s=0.5)  # the child ignores SIGTERM
    assert not any(map(alive, pids))
    assert running.exit_code() == 0
    started.stop(running)  # once more does no harm


def test_the_lifeline_ends_a_container_where_the_kernel_does_not(started: Fleet) -> None:
    """What macOS has to rely on: the server's end of the pipe closes, and nothing else happens."""
    running = started.start_ready("lifeline", {"code/inference.py": PROBE})
    spawned = do(running, "spawn").json
    running._release()
    started.until(lambda: running.exit_code() is not None, "the front has ended")
    started.until(lambda: not alive(spawned["child"]) and not alive(spawned["pid"]), "its group has ended")


def test_kill_9_of_the_server_leaves_no_process(tmp_path: Path) -> None:
    script = f"""
import asyncio, json, sys
from pathlib import Path
from tests.fakes.process_containers import PROBE, do, fleet
with fleet(Path({str(tmp_path)!r})) as started:
    running = started.start_ready("orphan", {{"code/inference.py": PROBE}})
    print(json.dumps([running.pid, *do(running, "spawn").json.values()]), flush=True)
    sys.stdin.read()
"""
    server = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT, text=True
    )
    assert server.stdout is not None
    pids = json.loads(server.stdout.readline())
    assert len(pids) == 3
    assert all(map(alive, pids))
    server.kill()
    assert server.wait() == -signal.SIGKILL
    with fleet(tmp_path / "clock") as clock:
        clock.until(lambda: not any(map(alive, pids)), "everything of it has ended", bound_s=10)


def test_a_model_that_cannot_be_loaded_ends_the_container(started: Fleet) -> None:
    running = started.start(
        "broken", {"code/inference.py": b"def model_fn(model_dir):\n    raise OSError('no weights')"}
    )
    started.until(lambda: running.exit_code() is not None, "the container has ended")
    assert running.exit_code() == 3
    log = "\n".join(running.log_tail(100))
    assert "OSError: no weights" in log
    assert "in model_fn" in log


def test_a_setting_that_makes_no_sense_is_named(started: Fleet) -> None:
    running = started.start(
        "setting", {"code/inference.py": PROBE}, environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "many"}
    )
    started.until(lambda: running.exit_code() is not None, "the container has ended")
    assert running.exit_code() == 3
    assert "SAGEMAKER_MODEL_SERVER_WORKERS='many'" in running.log_tail(1)[0]


def test_other_paths_and_methods(probe: RunningProcess) -> None:
    assert get(probe, "/nothing").status == 404
    assert get(probe, "/invocations").status == 405
    assert get(probe, "/ping?deep=1").status == 200


def test_a_stopped_container_no_longer_listens(started: Fleet) -> None:
    running = started.start("brief", {"code/inference.py": PROBE})
    started.stop(running)  # long before it is ready
    assert running.exit_code() is not None
    assert ping(running) is None


REFUSED = {
    "an unknown image": (Container("c", "nginx:1", None), ContainerError),
    "no code in S3": (
        Container("c", SKLEARN, None, {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/source.tar.gz"}),
        ArtifactError,
    ),
    "a missing artifact": (Container("c", XGBOOST, "s3://models/none.tar.gz"), ArtifactError),
    "a bad artifact": (Container("c", XGBOOST, "s3://models/bad.tar.gz"), ArtifactError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_started_is_refused(case: str, started: Fleet, tmp_path: Path) -> None:
    container, error = REFUSED[case]
    objects = DictObjects({"s3://models/bad.tar.gz": b"not gzip"})
    runtime = ProcessRuntime(objects, Settings(data_dir=tmp_path))
    with pytest.raises(error):
        asyncio.run(runtime.prepare(container, started.placement("refused")))


NEEDY = b"""
import companion, json, sys
import sklearn

def model_fn(model_dir):
    return {"companion": companion.__version__, "sklearn": sklearn.__version__}

def transform_fn(model, body, content_type, accept):
    return json.dumps(model), "application/json"
"""


NEEDY_CODE = {"code/inference.py": NEEDY, "code/requirements.txt": b"companion==2.0\n"}


@pytest.fixture
def own_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of environments that has the shared one of scikit-learn, and whose pip sees tiny wheels only."""
    (shared,) = asyncio.run(prepare_environments([SKLEARN], user_environments_dir(), print))
    directory = tmp_path / "environments"
    directory.mkdir()
    (directory / shared.parents[1].name).symlink_to(shared.parents[1])
    wheel(tmp_path / "wheels", "companion", "2.0")
    only_wheels_of(tmp_path / "wheels", monkeypatch)
    return directory


def test_code_requirements_are_there_beside_the_images_packages(tmp_path: Path, own_environments: Path) -> None:
    with fleet(tmp_path / "run", own_environments) as own:
        running = own.start_ready("needy", NEEDY_CODE)
        assert post(running, b"").json == {"companion": "2.0", "sklearn": "1.4.2"}
        assert "installing code/requirements.txt" in running.log_tail(100)[0]


def test_what_takes_long_is_done_when_a_container_is_prepared(tmp_path: Path, own_environments: Path) -> None:
    async def main() -> None:
        objects = DictObjects({"s3://models/needy.tar.gz": tar_gz(NEEDY_CODE)})
        runtime = ProcessRuntime(objects, Settings(data_dir=tmp_path, environments_dir=own_environments))
        container = Container("needy", SKLEARN, "s3://models/needy.tar.gz")
        directory = tmp_path / "needy"
        place = Placement(
            "eu-west-1", "e", "v", "i-0", InstanceLimits("ml.c5.large", 2, 4), directory, directory / "log"
        )
        await runtime.prepare(container, place)
        assert "installing code/requirements.txt" in place.log_file.read_text()
        place.log_file.unlink()
        running = await runtime.start(container, place)
        await running.stop(0)
        assert "installing" not in place.log_file.read_text()

    asyncio.run(main())


def test_code_requirements_that_nobody_has_fail_the_start_with_pips_words(
    tmp_path: Path, own_environments: Path
) -> None:
    with fleet(tmp_path / "run", own_environments) as own, pytest.raises(ContainerError) as failed:
        own.start("needy", {"code/inference.py": NEEDY, "code/requirements.txt": b"nobody-has-this\n"})
    assert "could not install code/requirements.txt" in failed.value.reason
    assert any("nobody-has-this" in line for line in failed.value.log_tail)
