"""Starts Airflow's API server with the administrator's password from AIRFLOW_ADMIN_PASSWORD.

Airflow's simple auth manager reads passwords from a file and makes up those that the file lacks, which it then prints
to the log; it takes none from the environment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

PASSWORD = "AIRFLOW_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable, not a password
PASSWORDS_FILE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
USER = "admin"  # the only one in Airflow's default of `[core] simple_auth_manager_users`


def write_passwords(path: Path, password: str) -> None:
    """The auth manager's file, readable for this user only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps({USER: password}), encoding="utf-8")


def main() -> None:
    """Writes the file and becomes the API server. Exits with a message when there is no password."""
    password = os.environ.pop(PASSWORD, "")
    if not password:
        raise SystemExit(f"{PASSWORD} is empty: set it to the password that `{USER}` is to log in with")
    write_passwords(Path(os.environ[PASSWORDS_FILE]), password)
    os.execvp("airflow", ["airflow", "api-server"])  # noqa: S606, S607 - the image's own


if __name__ == "__main__":
    main()
