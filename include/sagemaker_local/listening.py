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
        return _listen(host, port)
    except OSError as error:
        raise HostError(_explain(error, host, port)) from error


def bind_shared(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` listening sockets on one port, over which the kernel spreads connections (socket(7): SO_REUSEPORT).

    Raises as `bind`.
    """
    # Another server of this user may share its port, too: that it is taken shows only without sharing.
    bind(host, port).close()
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            sockets.append(_listen(host, port, shared=True))
            port = sockets[0].getsockname()[1]
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise HostError(_explain(error, host, port)) from error
    return sockets


def _listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG, reuse_port=shared)


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what uses it or choose another one with --port (0: any free one)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission to listen on port {port} of {host}: choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host} is not an address of this machine: choose another one with --host (127.0.0.1 always works)"
    return f"cannot listen on port {port} of {host}: {error.strerror or error}"
