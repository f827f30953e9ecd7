"""Versions of an object as moto's S3 holds them, read and written as records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.s3.models import OWNER, FakeAcl, FakeDeleteMarker, FakeKey, S3Backend, get_canned_acl
from moto.s3.models import PERMISSION_FULL_CONTROL as FULL_CONTROL

from include.sagemaker_local.aws.moto_values import from_json, to_json
from include.sagemaker_local.aws.s3_records import ObjectRecord

_PRIVATE = [([OWNER], [FULL_CONTROL])]


def record_of(bucket: str, held: FakeKey | FakeDeleteMarker, tags: Mapping[str, object]) -> ObjectRecord:
    """A version's record."""
    modified_at_s = held.last_modified.replace(tzinfo=UTC).timestamp()
    if isinstance(held, FakeDeleteMarker):
        return ObjectRecord(bucket, held.name, "", modified_at_s, "", held.version_id, is_marker=True)
    return ObjectRecord(
        bucket=bucket,
        key=held.name,
        etag=held.etag.strip('"'),
        modified_at_s=modified_at_s,
        storage_class=held.storage_class or "STANDARD",
        version_id=held.version_id,
        metadata=strings(held.metadata),
        encryption=held.encryption,
        kms_key_id=held.kms_key_id,
        checksum_algorithm=held.checksum_algorithm,
        checksum_type=held.checksum_type,
        checksum_value=held.checksum_value,
        checksum_parts=held.checksum_parts,
        tags=strings(tags),
        is_versioned=held._is_versioned,
        acl=acl_to_text(held.acl),
        lock_mode=held.lock_mode,
        lock_until=held.lock_until,
        lock_legal_status=held.lock_legal_status,
        website_redirect=held.website_redirect_location,
        bucket_key_enabled=held.bucket_key_enabled,
    )


def versions_of(backend: S3Backend, records: Iterable[tuple[ObjectRecord, bytes]]) -> list[FakeKey | FakeDeleteMarker]:
    """The versions that the records and contents tell of, all of one object."""
    made: list[FakeKey | FakeDeleteMarker] = []
    for record, content in records:
        key = _key(backend, record, content)
        # A marker knows what it was put upon; what that was is not known when it was deleted since.
        made.append(_marker(record, made[-1] if made else key) if record.is_marker else key)
    return made


def acl_to_text(acl: FakeAcl | None) -> str | None:
    """An ACL as JSON; None for the one that everything has which was given none."""
    grants = [] if acl is None else [([one.id for one in grant.grantees], grant.permissions) for grant in acl.grants]
    return None if grants == _PRIVATE else json.dumps(to_json({"acl": acl}))


def acl_from_text(text: str | None) -> FakeAcl | None:
    """The ACL that `acl_to_text` wrote."""
    acl: FakeAcl | None = get_canned_acl("private") if text is None else from_json(json.loads(text))["acl"]
    return acl


def strings(values: Mapping[str, object]) -> dict[str, str]:
    """moto's dictionaries of text, some of which ignore case, as an ordinary one."""
    return {str(name): str(value) for name, value in values.items()}


def _key(backend: S3Backend, record: ObjectRecord, content: bytes) -> FakeKey:
    held = FakeKey(
        name=record.key,
        value=content,
        account_id=backend.account_id,
        region_name=backend.region_name,
        storage=record.storage_class,
        etag=record.etag,
        is_versioned=record.is_versioned,
        version_id=record.version_id,
        bucket_name=record.bucket,
        encryption=record.encryption,
        kms_key_id=record.kms_key_id,
        bucket_key_enabled=record.bucket_key_enabled,
        lock_mode=record.lock_mode,
        lock_legal_status=record.lock_legal_status,
        lock_until=record.lock_until,
        checksum_value=record.checksum_value,
        checksum_type=record.checksum_type,
        checksum_parts=record.checksum_parts,
    )
    held.set_metadata(dict(record.metadata))
    held.last_modified = _moment(record)
    held.checksum_algorithm = record.checksum_algorithm
    held.acl = acl_from_text(record.acl)
    held.website_redirect_location = record.website_redirect
    return held


def _marker(record: ObjectRecord, upon: Any) -> FakeDeleteMarker:
    marker = FakeDeleteMarker(upon)
    marker.last_modified = _moment(record)
    marker._version_id = record.version_id
    return marker


def _moment(record: ObjectRecord) -> datetime:
    """moto's own clock is naive UTC."""
    return datetime.fromtimestamp(record.modified_at_s, UTC).replace(tzinfo=None)
