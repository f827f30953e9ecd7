"""Trains the sample pipeline and puts it where its spec says, in the local S3 that AIRFLOW_CONN_AWS_DEFAULT leads to.

`python -m include.compose.sample SPEC`. The same bytes every time, so it may run at every start of the stack. Where the
connection has no endpoint URL it leads to AWS, and nothing is written.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from sluice.specs.file import load_spec

from include.compose.environment_file import CONNECTION
from include.demo.sample import Account, upload
from include.examples.breast_cancer import train


def account(connection: str) -> Account | None:
    """The account that an AWS connection in Airflow's JSON form leads to; None for AWS itself."""
    parsed = json.loads(connection)
    url = parsed.get("extra", {}).get("endpoint_url")
    return None if url is None else Account(url, parsed["login"], parsed["password"])


def main() -> str:
    """See the module's text. What was done."""
    there = account(os.environ[CONNECTION])
    if there is None:
        return f"{CONNECTION} leads to AWS: the sample pipeline is not uploaded"
    spec = load_spec(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as directory:
        upload(there, spec, train.build(Path(directory)))
    return f"the sample pipeline {spec.pipeline} is in S3 at {there.url}"


if __name__ == "__main__":
    print(main())  # noqa: T201 - for whoever reads the container's log
