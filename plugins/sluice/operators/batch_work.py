"""What batch operators share: the work, made of the candidate and the objects that there are now."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import SpecError
from sluice.operators.candidate import CandidateOperator
from sluice.requests.batch import BatchWork, batch_work


class BatchOperator(CandidateOperator):
    """An operator on the objects that the approved version transforms.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param input: s3:// prefix of the objects; the spec's `batch.input` when empty (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate", "input")

    def __init__(self, *, input: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input = input

    def find_work(self) -> BatchWork:
        """The work. Raises SpecError when there is nothing to transform."""
        candidate = self.required_candidate
        if candidate.spec.batch is None:
            raise SpecError("batch", "is missing, and says which objects to transform")
        uri = self.input or candidate.spec.batch.input
        return batch_work(candidate.spec, candidate.names, uri, self.hook.list_objects(uri))
