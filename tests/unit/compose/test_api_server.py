"""The API server gets its one user's password from the environment, and none by default."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from airflow.configuration import conf

from include.compose import api_server


def test_the_password_is_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "passwords.json"
    for password in ('with "quotes" and \\', "another"):  # a restart may bring another
        api_server.write_passwords(path, password)
        assert json.loads(path.read_text()) == {api_server.USER: password}
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_user_is_the_one_that_airflow_has() -> None:
    assert conf.get("core", "simple_auth_manager_users") == f"{api_server.USER}:admin"


def test_without_a_password_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(api_server.PASSWORD, "")
    with pytest.raises(SystemExit, match=api_server.PASSWORD):
        api_server.main()
