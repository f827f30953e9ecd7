"""The seam between moto's memory of one service and the disk, which service_archive stands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from include.sagemaker_local.aws.service_store import Entry, Growth


class Holding(Protocol):
    """What moto holds of one service, in pieces that can be compared with what is on disk."""

    def marks(self) -> Mapping[str, object]:
        """By the name of each piece something that differs when the piece does. Raises NotData."""

    def piece(self, name: str) -> str:
        """The piece as JSON text."""

    def growth(self) -> Mapping[str, Growth]:
        """What its journals have gained since `grown` was called."""

    def grown(self) -> None:
        """What `growth` gave is on disk."""

    def restore(self, pieces: Mapping[str, str], journals: Iterable[tuple[str, Entry]]) -> None:
        """Makes moto hold this and nothing else of the service."""
