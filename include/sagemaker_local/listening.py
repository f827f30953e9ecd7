"""The server's socket, taken before anything else is started, so that a port in use costs nothing."""

from __future__ import annotations

import errno
import ipaddress
import socket

from include.sagemaker_local.errors import HostError

# Connections that the kernel holds before they are accepted; a load test opens hundreds at one moment.
_BACKLOG = 1024


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`: a loopback address, or a name that means nothing else."""
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host or None, None, flags=socket.AI_PASSIVE)}
    except OSError:
        return False  # `bind` says what is wrong with it
    return all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in addresses)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; `port` 0 takes a free one. Raises HostError with one line that says what to change."""
    try:
        socket.getaddrinfo(host, port)  # create_server hides that it is the name that is wrong
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise HostError(_explain(error, host, port)) from error


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what uses it or choose another one with --port (0: any free one)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission to listen on port {port} of {host}: choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host} is not an address of this machine: choose another one with --host (127.0.0.1 always works)"
    return f"cannot listen on port {port} of {host}: {error.strerror or error}"
