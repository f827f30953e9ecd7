"""Where botocore says that an endpoint is invoked, and with which credentials: as AWS's SDKs find both."""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import Any

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.target import Access, Target, invocation_target
from include.sagemaker_local.wire.sigv4 import Key

# Well formed and worth nothing: a local SageMaker on loopback takes any key and reads the region from the signature.
_ANY_KEY = Key("AKIALOCALLOADTEST", "unknown")

# The region of this project's examples; used on loopback only, when nothing names another.
_LOCAL_REGION = "us-east-1"


def endpoint_target(endpoint_name: str, *, region: str | None, endpoint_url: str | None, profile: str | None) -> Target:
    """The invocations of a SageMaker endpoint.

    None leaves a choice to botocore: environment, profile, instance role, `AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME`.
    Raises HostError when that finds no region, no credentials or no such profile.
    """
    try:
        return _resolved(Session(profile=profile), endpoint_name, region, endpoint_url)
    except (BotoCoreError, ValueError) as error:
        raise HostError(f"endpoint {endpoint_name!r} cannot be reached: {error}") from error


def _checked(ca_file: str | None) -> str | None:
    """The same. Raises HostError for one that the load generator could not use."""
    try:
        if ca_file is not None:
            ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl's own errors are such
        raise HostError(
            f"{ca_file!r} (AWS_CA_BUNDLE, or the profile's ca_bundle) has no certificates: {error}"
        ) from error
    return ca_file


def _resolved(session: Any, endpoint_name: str, region: str | None, endpoint_url: str | None) -> Target:
    region = region or session.get_config_variable("region")
    if region is None and endpoint_url is not None:
        region = _LOCAL_REGION
    ca_file = _checked(session.get_config_variable("ca_bundle"))
    unsigned = Config(signature_version=UNSIGNED)  # it only says where; what signs is the load generator
    client = session.create_client("sagemaker-runtime", region, endpoint_url=endpoint_url, config=unsigned)
    region = client.meta.region_name
    target = invocation_target(client.meta.endpoint_url, endpoint_name, Access(_ANY_KEY, region), ca_file)
    if target.is_loopback:
        # To ask the network whether this machine is one of AWS's would take seconds.
        for network in ("container-role", "iam-role"):
            session.get_component("credential_provider").remove(network)
    credentials = session.get_credentials()
    if credentials is not None:
        frozen = credentials.get_frozen_credentials()
        return replace(target, access=Access(Key(frozen.access_key, frozen.secret_key), region, frozen.token))
    if target.is_loopback:
        return target
    raise HostError(
        f"there are no AWS credentials to invoke endpoint {endpoint_name!r} with: set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or name a --profile"
    )
