"""Evidence as bytes that can be hashed: one form for every kind of document.

Bytes are canonical (sorted keys, no spaces), so a document's SHA-256 can stand in a package's metadata, and whoever
reads the document back can tell that it is the one that was written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sluice.errors import EvidenceInvalid, SpecError
from sluice.fields.typed import build, plain

T = TypeVar("T")


def sha256_of(body: bytes) -> str:
    """SHA-256 of a document's bytes (64 hex digits)."""
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class EvidenceForm(Generic[T]):
    """A dataclass and the name of its schema; a new name when a reader of the old one would misread the new one."""

    schema: str
    kind: type[T]

    def to_document(self, value: T) -> dict[str, Any]:
        """A JSON-able dict with a `schema` member."""
        # Once there and back: 150 and 150.0 are equal as limits, and must not give different bytes.
        return {"schema": self.schema, **plain(build(self.kind, plain(value)))}

    def to_bytes(self, value: T) -> bytes:
        """The canonical bytes of the document (ASCII JSON): what goes to S3 and is hashed."""
        return json.dumps(self.to_document(value), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    def read(self, body: bytes, uri: str, sha256: str | None = None) -> T:
        """The inverse of `to_bytes`; EvidenceInvalid when the hash differs, it is no JSON, or of another schema."""
        if sha256 is not None and sha256_of(body) != sha256:
            changed = f"its SHA-256 is {sha256_of(body)}, and {sha256} was written: it has been changed"
            raise EvidenceInvalid(uri, changed)
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise EvidenceInvalid(uri, f"it is not JSON: {error}") from error
        schema = document.pop("schema", None) if isinstance(document, dict) else None
        if schema != self.schema:
            raise EvidenceInvalid(uri, f"its schema is {schema!r}, and this version of Sluice reads {self.schema!r}")
        try:
            return build(self.kind, document)
        except (SpecError, ValueError) as error:
            raise EvidenceInvalid(uri, f"it does not hold what its schema says: {error}") from error
