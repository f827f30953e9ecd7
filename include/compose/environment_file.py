"""`make compose-env`: the secrets that docker-compose.yaml asks for, made up at random and written to `.env`.

What the file has already stays as it is; what it lacks is added. Needs nothing but Python, since whoever has Docker
need not install Sluice.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

_HEADING = """\
# Made by `make compose-env`. Secrets: do not commit them. docs/deploying.md says what each is for.
# Passwords are parts of URLs, so they may hold letters, digits, - and _ only.
"""
_SECRET_BYTES = 24  # 192 bits: more than anybody tries out
_SAGEMAKER_URL = "http://sagemaker-local:4566"  # the service's name in docker-compose.yaml is its host name
_LINE = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
CONNECTION = "AIRFLOW_CONN_AWS_DEFAULT"


def completed(known: Mapping[str, str]) -> dict[str, str]:
    """Every variable that docker-compose.yaml insists on: those of `known`, and new ones for what it lacks."""
    values = {**_fresh(), **known}
    return {CONNECTION: _connection(values), **values}


def variables(text: str) -> dict[str, str]:
    """What a `.env` file says, without the quotes around a value. A variable without a value is not there."""
    found = {name: value.strip().strip("'\"") for name, value in _LINE.findall(text)}
    return {name: value for name, value in found.items() if value}


def write(path: Path) -> list[str]:
    """Completes the file, readable for its owner only, and returns the names of what was added."""
    before = path.read_text(encoding="utf-8") if path.exists() else _HEADING
    known = variables(before)
    added = {name: value for name, value in completed(known).items() if name not in known}
    separator = "" if before.endswith("\n") else "\n"
    lines = [f"{name}='{value}'\n" for name, value in added.items()]
    unfinished = path.with_name(f"{path.name}.part")  # the old passwords are those of volumes: they must not get lost
    unfinished.touch(mode=0o600)
    unfinished.write_text(before + separator + "".join(lines), encoding="utf-8")
    unfinished.replace(path)
    return list(added)


def main() -> None:
    """Completes `.env` in the working directory, or the file of the command line."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else ".env")
    added = write(path)
    said = f"added {', '.join(added)}" if added else "nothing was missing"
    print(f"{path}: {said}")  # noqa: T201 - a command's answer to the person at the terminal


def _fresh() -> dict[str, str]:
    return {
        "POSTGRES_PASSWORD": secrets.token_urlsafe(_SECRET_BYTES),
        "REDIS_PASSWORD": secrets.token_urlsafe(_SECRET_BYTES),
        "AIRFLOW_ADMIN_PASSWORD": secrets.token_urlsafe(_SECRET_BYTES),
        # A Fernet key is 32 bytes in URL-safe base64 (cryptography's documentation of Fernet).
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW_API_SECRET_KEY": secrets.token_urlsafe(_SECRET_BYTES),
        # Airflow signs with HS512 (`[api_auth] jwt_algorithm`): a key of as many bits as the hash (RFC 7518, 3.2).
        "AIRFLOW_JWT_SECRET": secrets.token_urlsafe(64),
        "SLUICE_LOCAL_ACCESS_KEY_ID": f"SLUICE{secrets.token_hex(7).upper()}",
        "SLUICE_LOCAL_SECRET_ACCESS_KEY": secrets.token_urlsafe(_SECRET_BYTES),
    }


def _connection(values: Mapping[str, str]) -> str:
    """Airflow's connection to the local SageMaker. Another one in its place leads to AWS."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": values["SLUICE_LOCAL_ACCESS_KEY_ID"],
            "password": values["SLUICE_LOCAL_SECRET_ACCESS_KEY"],
            "extra": {"endpoint_url": _SAGEMAKER_URL, "region_name": "us-east-1"},
        }
    )


if __name__ == "__main__":
    main()
