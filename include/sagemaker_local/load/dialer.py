"""Opens the connections of a load."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from include.sagemaker_local.http1.errors import ConnectionFailed, RequestTimeout
from include.sagemaker_local.load.connection import Connection, Kit, Owner


@dataclass(frozen=True, slots=True)
class Dialer:
    """Connects to one address within `timeout_s`. With `tls` the peer has to prove that it is `server_hostname`."""

    host: str
    port: int
    timeout_s: float
    tls: ssl.SSLContext | None = None
    server_hostname: str | None = None

    async def connect(self, kit: Kit, owner: Owner) -> Connection:
        """An open connection. Raises ConnectionFailed or RequestTimeout."""
        authority = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.timeout_s):
                _, connection = await loop.create_connection(
                    lambda: Connection(authority, kit, owner),
                    self.host,
                    self.port,
                    ssl=self.tls,
                    server_hostname=self.server_hostname if self.tls else None,
                )
        except TimeoutError:
            raise RequestTimeout(f"{authority} did not accept a connection in time") from None
        except OSError as error:
            raise ConnectionFailed(f"cannot connect to {authority}: {error.strerror or error}") from error
        if connection.ended:
            raise ConnectionFailed(f"{authority} accepted the connection and closed it at once")
        return connection
