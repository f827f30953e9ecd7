"""The access keys whose signatures are good, from a credentials file in AWS's form or from the environment."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from include.sagemaker_local.errors import HostError

ACCESS_KEY_VARIABLE = "SLUICE_LOCAL_ACCESS_KEY_ID"
SECRET_VARIABLE = "SLUICE_LOCAL_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable, not a secret

_ACCESS_KEY, _SECRET = "aws_access_key_id", "aws_secret_access_key"


def signing_keys(credentials_file: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Secrets by access key; empty when none are configured. Raises HostError for a file or pair that is no use.

    A file has the form of `~/.aws/credentials`, and every profile's key is good. It takes the place of the environment.
    """
    if credentials_file is not None:
        return _of_file(credentials_file)
    access_key, secret = environment.get(ACCESS_KEY_VARIABLE, ""), environment.get(SECRET_VARIABLE, "")
    if bool(access_key) != bool(secret):
        missing = SECRET_VARIABLE if access_key else ACCESS_KEY_VARIABLE
        raise HostError(f"{missing} is not set in the environment, but its counterpart is: set both or neither")
    return {access_key: secret} if access_key else {}


def _of_file(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)  # a secret may hold a percent sign
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HostError(f"cannot read the credentials file {path}: {error.strerror or error}") from error
    except (configparser.Error, UnicodeDecodeError):
        # The error's own text quotes lines of the file, which hold secrets.
        raise HostError(f"{path} is not a credentials file: it must look like ~/.aws/credentials") from None
    keys = {
        section[_ACCESS_KEY]: section[_SECRET]
        for section in parser.values()
        if section.get(_ACCESS_KEY) and section.get(_SECRET)
    }
    if not keys:
        raise HostError(f"the credentials file {path} has no profile with {_ACCESS_KEY} and {_SECRET}")
    return keys
