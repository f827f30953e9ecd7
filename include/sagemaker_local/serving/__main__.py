"""`python -m include.sagemaker_local.serving`: one container. The process runtime starts it; see launch.py."""

from __future__ import annotations

import os
import sys

from include.sagemaker_local.serving.confinement import confine
from include.sagemaker_local.serving.launch import parse


def main() -> int:
    """Serve until SIGTERM. Returns the exit status: 0 after SIGTERM, 3 when the model could not be loaded."""
    launch = parse(sys.argv[1:])
    os.set_inheritable(launch.listen_fd, False)  # as the lifeline
    confine(launch.confinement)  # first of all: threads and memory of the libraries count too
    from include.sagemaker_local.serving.front import serve

    return serve(launch)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # nothing is left to do, and taking the libraries apart would delay every stop by half a second
