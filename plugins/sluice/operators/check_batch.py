"""check_batch: every object has its result, and every line its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.errors import BatchIncomplete
from sluice.operators.batch_work import BatchOperator
from sluice.requests.batch import BatchWork, StoredObject

if TYPE_CHECKING:
    from airflow.sdk import Context


class CheckBatchOperator(BatchOperator):
    """Hold a transform job's results against the objects that it worked on.

    Each object must have its `.out`. Where objects are split by line, answers are joined by line, and each record has
    a line of its own (`batch.strategy` SingleRecord, or answers in text/csv or application/jsonlines), both must have
    as many lines that are not empty. An object that came, went or changed while the job ran is told, too. XCom:
    `{"job", "output", "objects", "lines"}`, where `lines` is None when lines were not compared. Raises BatchIncomplete.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param job: name of the completed transform job (templated)
    :param input: s3:// prefix of the objects; the spec's `batch.input` when empty (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate", "input", "job")

    def __init__(self, *, job: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        work = self.find_work()
        if self.job != work.job() and not self.job.startswith(f"{work.job()}-"):
            raise BatchIncomplete(self.job, (f"what is under {work.input} has changed since: run the DAG again",))
        there = {each.uri for each in self.hook.list_objects(work.output(self.job))}
        results = work.results(self.job)
        missing = [f"{each.uri} has no result {uri}" for each, uri in results.items() if uri not in there]
        lines, other = self._compare(work, {each: uri for each, uri in results.items() if uri in there})
        if missing or other:
            raise BatchIncomplete(self.job, (*missing, *other))
        told = "lines were not compared" if lines is None else f"{lines} lines in both"
        self.log.info("%d objects, each with its result; %s", len(results), told)
        return {"job": self.job, "output": work.output(self.job), "objects": len(results), "lines": lines}

    def _compare(self, work: BatchWork, results: dict[StoredObject, str]) -> tuple[int | None, list[str]]:
        if not work.batch.answers_line_by_line(work.accept):
            return None, []
        total, problems = 0, []
        for each, uri in results.items():
            asked, answered = self.hook.count_lines(each.uri), self.hook.count_lines(uri)
            total += asked or 0
            if asked != answered:
                problems.append(f"{each.uri} has {asked} lines, and its result {uri} has {answered}")
        return total, problems
