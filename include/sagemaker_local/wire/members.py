"""A validated structure, read member by member with the type that the service model promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.sagemaker_local.errors import ApiError


class Members:
    """Read access to a structure that `validate` has passed; the getters trust its types.

    Every getter but `required` answers None, or an empty collection, for a member that was not sent.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def required(self, name: str) -> str:
        """A string that the model requires."""
        value: str = self.raw[name]
        return value

    def text(self, name: str) -> str | None:
        """A string."""
        return self.raw.get(name)

    def integer(self, name: str) -> int | None:
        """A whole number."""
        return self.raw.get(name)

    def number(self, name: str) -> float | None:
        """A number, or a timestamp in seconds since the epoch."""
        return self.raw.get(name)

    def flag(self, name: str) -> bool:
        """A boolean, False when it was not sent."""
        return bool(self.raw.get(name, False))

    def structure(self, name: str) -> Members | None:
        """A nested structure."""
        value = self.raw.get(name)
        return None if value is None else Members(value)

    def structures(self, name: str) -> list[Members]:
        """A list of structures."""
        return [Members(item) for item in self.raw.get(name, ())]

    def texts(self, name: str) -> Sequence[str]:
        """A list of strings."""
        value: Sequence[str] = self.raw.get(name, ())
        return value

    def text_map(self, name: str) -> dict[str, str]:
        """A map of strings to strings."""
        return dict(self.raw.get(name, {}))


def unsupported(what: str, where: str, why: str) -> ApiError:
    """The refusal of a part of the real API that this server does not have; nothing was done."""
    message = f"The local SageMaker does not support {what} in {where}: {why}. Leave it out."
    return ApiError("UnsupportedOperation", message)
