"""A transform job's request, from the API's form to types.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from include.sagemaker_local.json_path import JsonPath, parse_json_path

# ModelClientConfig's defaults (API reference).
_DEFAULT_TIMEOUT_S = 600
_DEFAULT_MAX_RETRIES = 3


class Format(StrEnum):
    """The content types that records can be filtered and joined in."""

    CSV = "text/csv"
    JSON = "application/json"
    JSON_LINES = "application/jsonlines"


class Split(StrEnum):
    """SplitType: what the records of a file are."""

    NONE = "None"
    LINE = "Line"
    RECORD_IO = "RecordIO"
    TF_RECORD = "TFRecord"


@dataclass(frozen=True, slots=True)
class Processing:
    """DataProcessing. `read_as` and `written_as` are None when the content type is none that can be filtered."""

    input_filter: JsonPath
    output_filter: JsonPath
    join: bool
    read_as: Format | None
    written_as: Format | None

    @property
    def filters_input(self) -> bool:
        """Whether requests hold something else than what is in the file."""
        return not self.input_filter.whole

    @property
    def changes_output(self) -> bool:
        """Whether results are something else than what the containers answered."""
        return self.join or not self.output_filter.whole


@dataclass(frozen=True, slots=True)
class Tuning:
    """How requests are made up; None where nobody has said."""

    max_concurrent: int | None = None
    max_payload_mb: int | None = None
    single_record: bool | None = None


@dataclass(frozen=True, slots=True)
class TransformRequest:
    """What a job was asked for."""

    source_uri: str
    manifest: bool
    output_uri: str
    content_type: str | None
    accept: str | None
    gzip: bool
    split: Split
    assemble_lines: bool
    processing: Processing
    tuning: Tuning
    timeout_s: float
    max_retries: int
    instance_type: str
    instance_count: int
    environment: Mapping[str, str]


def parse_transform(accepted: Mapping[str, Any]) -> TransformRequest:
    """The request of a CreateTransformJob that was found valid."""
    source: Mapping[str, Any] = accepted["TransformInput"]
    output: Mapping[str, Any] = accepted["TransformOutput"]
    resources: Mapping[str, Any] = accepted["TransformResources"]
    client: Mapping[str, Any] = accepted.get("ModelClientConfig") or {}
    s3: Mapping[str, Any] = source["DataSource"]["S3DataSource"]
    return TransformRequest(
        source_uri=s3["S3Uri"],
        manifest=s3["S3DataType"] == "ManifestFile",
        output_uri=output["S3OutputPath"],
        content_type=source.get("ContentType") or None,
        accept=output.get("Accept") or None,
        gzip=source.get("CompressionType") == "Gzip",
        split=Split(source.get("SplitType", Split.NONE)),
        assemble_lines=output.get("AssembleWith") == "Line",
        processing=_processing(accepted.get("DataProcessing") or {}, source.get("ContentType"), output.get("Accept")),
        tuning=Tuning(
            max_concurrent=accepted.get("MaxConcurrentTransforms") or None,  # 0 means the same as nothing
            max_payload_mb=accepted.get("MaxPayloadInMB"),
            single_record=accepted["BatchStrategy"] == "SingleRecord" if "BatchStrategy" in accepted else None,
        ),
        timeout_s=float(client.get("InvocationsTimeoutInSeconds", _DEFAULT_TIMEOUT_S)),
        max_retries=client.get("InvocationsMaxRetries", _DEFAULT_MAX_RETRIES),
        instance_type=resources["InstanceType"],
        instance_count=resources["InstanceCount"],
        environment=dict(accepted.get("Environment") or {}),
    )


def _processing(given: Mapping[str, Any], content_type: str | None, accept: str | None) -> Processing:
    return Processing(
        input_filter=parse_json_path(given.get("InputFilter", "$")),
        output_filter=parse_json_path(given.get("OutputFilter", "$")),
        join=given.get("JoinSource") == "Input",
        read_as=format_of(content_type),
        written_as=format_of(accept),
    )


def format_of(content_type: str | None) -> Format | None:
    """The format that a content type names, whatever its parameters; None for any other."""
    name = (content_type or "").partition(";")[0].strip().lower()
    return Format(name) if name in tuple(Format) else None
