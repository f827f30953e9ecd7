"""`python -m include.sagemaker_local.edge`: one gateway process. processes.py starts it on sockets that it inherits."""

from __future__ import annotations

import argparse
import logging
import resource
import signal
import sys

from include.sagemaker_local.edge.worker import run
from include.sagemaker_local.serving.confinement import die_with_parent


def main() -> None:
    """Serve until the main process is gone."""
    parser = argparse.ArgumentParser(prog="python -m include.sagemaker_local.edge")
    for name in ("--channel-fd", "--listen-fd", "--main-pid"):
        parser.add_argument(name, required=True, type=int)
    parser.add_argument("--log-level", required=True, type=int)
    options = parser.parse_args()
    # The channel says it too, but not to an event loop that hangs.
    die_with_parent(options.main_pid, signal.SIGKILL)
    # A connection is a descriptor, and systems give 1024 to a process that does not ask for more.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    logging.basicConfig(
        stream=sys.stderr, level=options.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    run(options.channel_fd, options.listen_fd)


if __name__ == "__main__":
    main()
