"""What a load is for: an address, and how to be let in there.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from include.sagemaker_local.wire.sigv4 import Key

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Access:
    """Whose requests they are: an AWS key, the token of temporary ones, and the region to sign for."""

    key: Key
    region: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """`path` is what the request line holds: a path and a query. `name` is what people call the whole."""

    name: str
    tls: bool
    host: str
    port: int
    path: str
    access: Access | None = None  # None: requests are not signed
    ca_file: str | None = None  # whom to trust; None: whom this machine trusts

    @property
    def url(self) -> str:
        """The whole address."""
        scheme = "https" if self.tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[scheme] else f":{self.port}"
        return f"{scheme}://{host}{port}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """Whether it certainly is on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def url_target(url: str) -> Target:
    """The target at an http or https URL. Raises ValueError when it is none."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise ValueError(f"{url!r} is not a URL such as http://127.0.0.1:8080/path or https://example.com/")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    return Target(url, parts.scheme == "https", parts.hostname, port, path + query)


def invocation_target(runtime_url: str, endpoint_name: str, access: Access, ca_file: str | None) -> Target:
    """The invocations of an endpoint, at the URL of SageMaker's runtime. Raises ValueError when that is none."""
    runtime = url_target(runtime_url)
    path = f"{runtime.path.rstrip('/')}/endpoints/{quote(endpoint_name, safe='')}/invocations"
    return Target(endpoint_name, runtime.tls, runtime.host, runtime.port, path, access, ca_file)
