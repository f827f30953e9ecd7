"""A container whose program is a command of the user's own.

The command gets the hosting contract in its environment and keeps it by itself. This process confines it as it would a
framework container, ends with its status, and kills all of it when the server is gone.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading

from include.sagemaker_local.serving.confinement import confine, end_group
from include.sagemaker_local.serving.launch import add_confinement, confinement_of

_NOT_FOUND = 127  # what a shell says of a command that is not there


def main() -> int:
    """Run the command to its end. Returns its exit status, 128 and its signal when one ended it."""
    parser = argparse.ArgumentParser()
    add_confinement(parser)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    confinement = confinement_of(options)
    # SIGTERM goes to the group, so the command has it too, and this process only waits. The command does not inherit a
    # handler, as it would inherit that the signal is ignored.
    signal.signal(signal.SIGTERM, lambda *_: None)
    confine(confinement)
    threading.Thread(target=_end_with_server, args=(confinement.lifeline_fd,), daemon=True).start()
    try:
        command = subprocess.Popen(options.command)
    except OSError as error:
        sys.stderr.write(f"cannot run {options.command[0]!r}: {error.strerror}\n")
        return _NOT_FOUND
    status = command.wait()
    return status if status >= 0 else 128 - status


def _end_with_server(lifeline_fd: int) -> None:
    os.read(lifeline_fd, 1)  # nothing is ever written to it: this returns at end-of-file
    end_group()
