"""A mail server that takes in everything, on a port of its own, and says what it got."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """`mails` are the messages in the order in which they were accepted."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 fake\r\n")
        while line := await reader.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                self._accept(await reader.readuntil(b"\r\n.\r\n"))
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                break
        writer.close()

    def _accept(self, body: bytes) -> None:
        self.mails.append(message_from_bytes(body[: -len(b"\r\n.\r\n")], policy=policy.default))


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serves on 127.0.0.1 in a thread until the end of the block."""
    server, ready, loop = MailServer(), threading.Event(), asyncio.new_event_loop()

    async def main() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        async with listening:
            await listening.serve_forever()

    def run() -> None:
        task = loop.create_task(main())
        ended.append(task)
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    ended: list[asyncio.Task[None]] = []
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert ready.wait(10)
        yield server
    finally:
        loop.call_soon_threadsafe(ended[0].cancel)
        thread.join(10)
