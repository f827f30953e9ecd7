"""Results: what a file's answers become, and what the object is called.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Sequence

from include.sagemaker_local.jobs.transform_batches import Batch
from include.sagemaker_local.jobs.transform_request import TransformRequest
from include.sagemaker_local.jobs.transform_rows import processed


def assembled(batches: Sequence[Batch], answers: Sequence[bytes], request: TransformRequest) -> bytes:
    """The results of one file, in the order of its records. Raises RowError.

    AssembleWith Line ends every answer with a newline, unless it has one; None puts the answers together as they are.
    """
    if request.processing.changes_output:
        results = [
            b"".join(processed(answer, batch.rows, request.processing))
            for batch, answer in zip(batches, answers, strict=True)
        ]
        return b"".join(results)
    if request.assemble_lines:
        return b"".join(answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers)
    return b"".join(answers)


def output_uri(output_path: str, base_uri: str, source_uri: str) -> str:
    """Where the results of `source_uri` go: its path below the folder of `base_uri`, with `.out` behind it.

    `base_uri` is the job's S3 prefix, which may end in the middle of a name, or the prefix of its manifest.
    """
    folder = base_uri[: base_uri.rfind("/") + 1]
    if folder == "s3://":  # a bucket and nothing more
        folder = base_uri + "/"
    return f"{output_path.rstrip('/')}/{source_uri.removeprefix(folder).lstrip('/')}.out"
