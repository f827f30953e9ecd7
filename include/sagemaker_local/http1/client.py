"""The HTTP/1.1 client: `HttpClient` keeps idle connections for each host and port and uses the latest one first.

When is a request sent again? Only when the connection was an idle one that the peer closed before a byte of the answer
came, and the method is idempotent (RFC 9110, 9.2.2): then once more, on a new connection. A POST is never sent twice:
the peer may have acted on it. So that this is rare, a connection that was idle for a while is looked at first.
"""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from include.sagemaker_local.http1 import unix_socket
from include.sagemaker_local.http1.client_connection import ClientConnection
from include.sagemaker_local.http1.errors import ConnectionFailed, RequestTimeout
from include.sagemaker_local.http1.known_heads import KnownHeads
from include.sagemaker_local.http1.messages import Request, Response, StreamedResponse

Address: TypeAlias = tuple[str, int]

_IDEMPOTENT = frozenset((b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS"))

# The event loop notices within one turn that a peer has closed. A connection used this recently is taken on trust; an
# older one costs one poll(). Servers close idle connections after seconds (gunicorn: 2 s), never this early.
_TRUSTED_IDLE_S = 0.05


class HttpClient:
    """Sends requests. Belongs to one event loop; any number of requests may be under way."""

    def __init__(self) -> None:
        self._pools: dict[Address, _Pool] = {}
        self._heads = KnownHeads()

    async def request(
        self, host: str, port: int, request: Request, *, timeout_s: float, streamed: bool = False
    ) -> Response:
        """Send `request` and return the whole answer, whatever its status.

        `timeout_s` covers connecting, sending and receiving. Raises ConnectionFailed, RequestTimeout or ProtocolError.
        `host` may be a name of `unix_socket`; then `port` has no meaning.
        Host, Content-Length and Connection are the client's business. `streamed` is for `stream`.
        """
        pool = self._pools.get((host, port))
        if pool is None:
            pool = self._pools[host, port] = _Pool(host, port, self._heads)
        head = self._heads.request_head(request, pool.host_header)
        now_s = pool.loop.time()
        deadline_s = now_s + timeout_s
        connection = pool.take_idle(now_s)
        if connection is not None:
            answer = connection.send(head, request.body, request.method, deadline_s, streamed=streamed)
            try:
                return await answer
            except asyncio.CancelledError:
                _give_up(connection, answer)
                raise
            except ConnectionFailed:
                if connection.answer_began or request.method not in _IDEMPOTENT:
                    raise
        connection = await pool.connect(deadline_s)
        answer = connection.send(head, request.body, request.method, deadline_s, streamed=streamed)
        try:
            return await answer
        except asyncio.CancelledError:
            _give_up(connection, answer)
            raise

    async def stream(self, host: str, port: int, request: Request, *, timeout_s: float) -> StreamedResponse:
        """As `request`, but returns with the head of the answer, and `timeout_s` ends there.

        Whoever reads the body bounds its time (`asyncio.timeout`), and closes it when they do not want the rest: that
        is the end of the connection. A body that breaks off raises ConnectionFailed or ProtocolError.
        """
        answer = await self.request(host, port, request, timeout_s=timeout_s, streamed=True)
        if not isinstance(answer, StreamedResponse):
            raise TypeError("a connection that was asked for a streamed answer gave a whole one")
        return answer

    async def close(self) -> None:
        """Close all connections. Requests under way end with ConnectionFailed."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()


def _give_up(connection: ClientConnection, answer: asyncio.Future[Response]) -> None:
    """Nobody waits for the answer any more.

    The connection is closed, or the answer would be taken for that of the next request; unless it has come already:
    then the connection may be carrying that next request.
    """
    if answer.cancelled() or not answer.done():
        connection.abort()
    elif answer.exception() is None:
        connection.drop(answer.result())


class _Pool:
    """The connections to one address."""

    def __init__(self, host: str, port: int, heads: KnownHeads) -> None:
        self.loop = asyncio.get_running_loop()
        self._heads = heads
        self._host, self._port = host, port
        self._authority = _authority(host, port)
        self.host_header = self._authority.encode()
        self._idle: list[ClientConnection] = []
        self._open: set[ClientConnection] = set()

    def take_idle(self, now_s: float) -> ClientConnection | None:
        """The connection that was used last, if it is still good. Those that are not are closed."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if connection.usable and (now_s - connection.idle_since_s < _TRUSTED_IDLE_S or connection.silent()):
                return connection
            connection.abort()
        return None

    def release(self, connection: ClientConnection) -> None:
        self._idle.append(connection)

    def forget(self, connection: ClientConnection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        for connection in tuple(self._open):
            connection.abort()

    async def connect(self, deadline_s: float) -> ClientConnection:
        try:
            async with asyncio.timeout_at(deadline_s):
                connection = await self._open_connection()
        except TimeoutError:
            raise RequestTimeout(f"{self._authority} did not accept a connection in time") from None
        except OSError as error:
            raise ConnectionFailed(f"cannot connect to {self._authority}: {error.strerror or error}") from error
        if not connection.usable:
            raise ConnectionFailed(f"{self._authority} accepted the connection and closed it at once")
        self._open.add(connection)
        return connection

    async def _open_connection(self) -> ClientConnection:
        def made() -> ClientConnection:
            return ClientConnection(self._authority, self.loop, self, self._heads)

        if unix_socket.is_abstract(self._host):
            return (await unix_socket.connect(made, self._host, self.loop))[1]
        return (await self.loop.create_connection(made, self._host, self._port))[1]


def _authority(host: str, port: int) -> str:
    if unix_socket.is_abstract(host):
        return "localhost"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
