"""The rules of a CreateTransformJob request that the service model does not know."""

from __future__ import annotations

import asyncio

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import DIRECT, could_not_find, invalid
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.json_path import JsonPath, JsonPathError, parse_json_path
from include.sagemaker_local.store.records import ModelRecord
from include.sagemaker_local.wire.members import Members, unsupported

_MAX_MB = 100  # of MaxPayloadInMB, and of it times MaxConcurrentTransforms (API reference)
_JOINED = ("text/csv", "application/json", "application/jsonlines")  # content types that can be filtered and joined
_ROW = "text/csv"
_BINARY = ("RecordIO", "TFRecord")


def check_request(call: Call) -> ModelRecord:
    """The model that the job runs. Raises ApiError for the first broken rule."""
    request = call.request
    source = _required(_required(_required(request, "TransformInput"), "DataSource"), "S3DataSource")
    _check_uris(source, _required(request, "TransformOutput"))
    _check_payload(request)
    _check_processing(request)
    name = request.required("ModelName")
    model = call.store.model(call.region, name)
    if model is None:
        raise could_not_find("model", call.home.arn("model", name))
    if model.direct:
        raise unsupported(f"the model {model.name}", "CreateTransformJob", DIRECT)
    return model


async def check_input(call: Call, model: ModelRecord) -> None:
    """Raise ApiError when there is nothing at the job's S3Uri."""
    source = _required(_required(_required(call.request, "TransformInput"), "DataSource"), "S3DataSource")
    # In a thread: a bucket may hold a hundred thousand keys.
    if await asyncio.to_thread(_finds, call, source):
        return
    uri, role = source.required("S3Uri"), model.accepted.get("ExecutionRoleArn", "")
    raise invalid(
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket exists in '
        f"the selected region ({call.region}), that objects exist under that S3 prefix, and that the role "
        f'"{role}" has "s3:ListBucket" permissions on bucket "{uri.split("/")[2]}".'
    )


def _finds(call: Call, source: Members) -> bool:
    objects, uri = call.services.objects, source.required("S3Uri")
    try:
        if source.required("S3DataType") == "ManifestFile":
            return objects.exists(uri)
        return any(not found.endswith("/") for found in objects.find(uri))
    except ArtifactError:
        return False


def _check_uris(source: Members, output: Members) -> None:
    for member, uri in (("S3Uri", source.required("S3Uri")), ("S3OutputPath", output.required("S3OutputPath"))):
        if not uri.startswith("s3://"):
            raise invalid(f"{member} {uri} must begin with s3://.")


def _check_payload(request: Members) -> None:
    payload_mb, concurrent = request.integer("MaxPayloadInMB"), request.integer("MaxConcurrentTransforms")
    if payload_mb is not None and payload_mb > _MAX_MB:
        raise invalid(f"MaxPayloadInMB is {payload_mb}; it cannot be greater than {_MAX_MB}.")
    if payload_mb and concurrent and payload_mb * concurrent > _MAX_MB:
        raise invalid(
            f"MaxConcurrentTransforms * MaxPayloadInMB is {payload_mb * concurrent} MB; it cannot exceed {_MAX_MB} MB."
        )


def _check_processing(request: Members) -> None:
    processing = request.structure("DataProcessing")
    if processing is None:
        return
    source, output = _required(request, "TransformInput"), _required(request, "TransformOutput")
    read_as, written_as = _media_type(source.text("ContentType")), _media_type(output.text("Accept"))
    input_filter, output_filter = (_path(processing, name) for name in ("InputFilter", "OutputFilter"))
    join = processing.text("JoinSource") == "Input"
    split, assemble = source.text("SplitType") or "None", output.text("AssembleWith") or "None"
    if not input_filter.whole:
        _check_filter("InputFilter", input_filter, "TransformInput.ContentType", read_as)
        if split in _BINARY:
            raise invalid(f"InputFilter needs SplitType None or Line; it is {split}, whose records are no rows.")
    if not output_filter.whole:
        _check_filter("OutputFilter", output_filter, "TransformOutput.Accept", written_as)
    if join and (read_as != written_as or read_as not in _JOINED):
        raise invalid(
            f"JoinSource Input needs TransformInput.ContentType and TransformOutput.Accept to be the same one of "
            f"{', '.join(_JOINED)}; they are {read_as} and {written_as}."
        )
    if join and split != assemble:
        raise invalid(
            f"JoinSource Input needs SplitType and AssembleWith to be the same; they are {split}, {assemble}."
        )


def _check_filter(name: str, path: JsonPath, where: str, media_type: str | None) -> None:
    if media_type not in _JOINED:
        raise invalid(f"{name} needs {where} to be one of {', '.join(_JOINED)}; it is {media_type}.")
    if media_type == _ROW and not path.by_position:
        raise invalid(
            f"{name} {path.text} names a key; the columns of {_ROW} have positions only, like $[0,2] or $[1:]."
        )


def _path(processing: Members, name: str) -> JsonPath:
    try:
        return parse_json_path(processing.text(name) or "$")
    except JsonPathError as error:
        raise invalid(f"DataProcessing.{name}: {error}.") from None


def _media_type(content_type: str | None) -> str | None:
    return content_type.partition(";")[0].strip().lower() if content_type else None


def _required(members: Members, name: str) -> Members:
    """A structure that the service model requires."""
    return Members(members.raw[name])
