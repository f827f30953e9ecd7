"""What output_fn and transform_fn return."""

from __future__ import annotations

from typing import Any


class Response:
    """A body with its status and media type, JSON unless said otherwise."""

    def __init__(
        self, response: Any = None, accept: str | None = None, status: int = 200, headers: Any = None,
        mimetype: str | None = None,
    ) -> None:  # fmt: skip
        self.response = response
        self.status_code = int(status)
        self.headers = dict(headers or {})
        self.mimetype = mimetype or accept or "application/json"

    def get_data(self) -> bytes:
        """The body."""
        body = self.response
        if isinstance(body, (list, tuple)):
            body = b"".join(part.encode() if isinstance(part, str) else part for part in body)
        return body.encode() if isinstance(body, str) else bytes(body or b"")
