"""Where the access keys come from whose signatures are good."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.listening import is_loopback
from include.sagemaker_local.signing_keys import ACCESS_KEY_VARIABLE, SECRET_VARIABLE, signing_keys

PAIR = {ACCESS_KEY_VARIABLE: "AKID", SECRET_VARIABLE: "s3cret"}


def test_without_a_file_or_variables_there_are_none() -> None:
    assert signing_keys(None, {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret"}) == {}


def test_the_environment_s_pair_and_half_of_it() -> None:
    assert signing_keys(None, PAIR) == {"AKID": "s3cret"}
    for name, other in ((ACCESS_KEY_VARIABLE, SECRET_VARIABLE), (SECRET_VARIABLE, ACCESS_KEY_VARIABLE)):
        with pytest.raises(HostError, match=f"^{other} is not set"):
            signing_keys(None, {name: PAIR[name]})


def test_every_profile_of_a_file_is_good_and_takes_the_place_of_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(
        "[default]\naws_access_key_id = A1\naws_secret_access_key = a%b/c+d\n"
        "[ci]\naws_access_key_id=A2\naws_secret_access_key=two\naws_session_token=x\n"
        "[sso]\nregion = eu-west-1\n"
    )
    assert signing_keys(path, PAIR) == {"A1": "a%b/c+d", "A2": "two"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[default]\nregion = x\n", "has no profile with"),
        ("no section, s3cret", "is not a credentials file"),
        (None, "cannot read the credentials file"),
    ],
)
def test_a_file_that_is_no_use_is_named_and_not_quoted(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "credentials"
    if content is not None:
        path.write_text(content)
    with pytest.raises(HostError, match=said) as caught:
        signing_keys(path, {})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound to it
        ("::", False),
        ("", False),
        ("192.0.2.1", False),
        ("no.such.host.invalid", False),
    ],
)
def test_what_only_this_machine_can_reach(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone
