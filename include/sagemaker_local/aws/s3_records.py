"""What is kept of a bucket and of an object. An object's bytes travel beside its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BucketRecord:
    """A bucket. `versioning` is Enabled, Suspended or None.

    `settings` is JSON: tags, and whatever else moto knows of a bucket, such as its ACL, policy, CORS and lifecycle.
    """

    name: str
    region: str
    created_at_s: float
    versioning: str | None
    settings: str = "{}"


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """A version of an object, or a delete marker, which has no content.

    `metadata` holds Content-Type and the like beside the x-amz-meta- entries. `acl` is JSON, None when it is private.
    """

    bucket: str
    key: str
    etag: str  # without quotes; that of a multipart upload ends in -N
    modified_at_s: float
    storage_class: str
    version_id: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    encryption: str | None = None
    kms_key_id: str | None = None
    checksum_algorithm: str | None = None
    checksum_type: str | None = None
    checksum_value: str | None = None
    checksum_parts: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    is_marker: bool = False
    is_versioned: bool = False  # whether the bucket was when it came
    acl: str | None = None
    lock_mode: str | None = None
    lock_until: str | None = None
    lock_legal_status: str | None = None
    website_redirect: str | None = None
    bucket_key_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A multipart upload that is not complete, as CreateMultipartUpload began it. `acl` as in ObjectRecord."""

    bucket: str
    upload_id: str
    key: str
    storage_class: str | None
    metadata: Mapping[str, str]
    tags: Mapping[str, str] | None
    encryption: str | None
    kms_key_id: str | None
    acl: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload with the ETags of the parts that have come, by their numbers."""

    record: UploadRecord
    parts: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with what lies in it (or in the part of it that was asked for): versions by key, the oldest first."""

    record: BucketRecord
    objects: Mapping[str, Sequence[ObjectRecord]]
