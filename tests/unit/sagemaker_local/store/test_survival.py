"""A write that was acknowledged is there after the process was killed without warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from include.sagemaker_local.store import Store
from tests.fakes.clock import ManualClock

# Writes tags one after the other and tells of each only after the store has returned.
_WRITER = """
import sys
from pathlib import Path
from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.store import Store

store = Store(Path(sys.argv[1]), SystemClock())
number = 0
while True:
    with store.transaction():
        store.put_tags("arn", {f"a-{number}": "x"})
        store.put_tags("arn", {f"b-{number}": "x"})
    print(number, flush=True)
    number += 1
"""


def test_every_acknowledged_write_outlives_kill_9_and_no_half_of_a_transaction_does(tmp_path: Path) -> None:
    path = tmp_path / "sagemaker.db"
    root = Path(__file__).parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as writer:
        assert writer.stdout is not None
        for _ in range(50):
            assert writer.stdout.readline().strip().isdigit()
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate(timeout=30)
    acknowledged = 50 + len(rest.split())

    store = Store(path, ManualClock())
    tags = store.tags("arn")
    store.close()
    firsts = {key[2:] for key in tags if key.startswith("a-")}
    seconds = {key[2:] for key in tags if key.startswith("b-")}
    assert firsts >= {str(number) for number in range(acknowledged - 1)}
    assert firsts == seconds
