"""choose_candidate: of several that were judged, send the best one on and close the door on the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowSkipException

from sluice.errors import CandidatesFailed
from sluice.evidence.report import Evidence, read_evidence, to_document
from sluice.gate import comparison
from sluice.gate.comparison import Compared, Comparison
from sluice.gate.decision import Verdict
from sluice.operators.base import from_template
from sluice.operators.fork import ForkOperator
from sluice.operators.outcome import failures_of, states_in_run
from sluice.requests import resources as resource_requests

if TYPE_CHECKING:
    from airflow.sdk import Context

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A candidate and what the tasks of its group have come to; None where one has not succeeded."""

    row: Compared
    candidate: Result | None
    registered: Result | None
    job: str | None
    judged: Result | None

    @property
    def evidence(self) -> Evidence | None:
        """What the gate's word rests on."""
        return None if self.judged is None else _evidence(self.judged)


def _evidence(judged: Result) -> Evidence:
    return read_evidence(json.dumps(judged["evidence"]).encode(), "judge's result")


class ChooseCandidateOperator(ForkOperator):
    """Choose among the candidates of a mapped task group, by what its tasks `preflight` to `judge` have come to.

    Of those that pass the gate, the one with the lowest cost for a request goes on, and of equal ones the faster one. A
    candidate whose tasks failed is one that does not pass. The versions of the others become Rejected and say which one
    won, or what was wrong with them; a version that was Approved before this run stays so unless the gate refused it
    now. XCom: `{"verdict", "reason", "opens_gate", "dry_run", "fleet", "recommendation", "evidence", "winner",
    "candidate", "registered", "package_arn", "job", "endpoint", "rejected"}`, which is judge's result for the best
    candidate with all of them in its evidence; `winner` is its name, None when none passes, and `rejected` lists ARNs.
    Raises CandidatesFailed when no candidate was judged. Without task ids to go on with, it does not branch.

    :param candidates: list_candidates' result, as an object or as JSON text (templated)
    :param group: id of the task group
    :param is_dry_run: judge and report only (templated; may be JSON text)
    :param when_open: task to go on with when one passes
    :param when_closed: task to go on with when none does
    :param when_dry: task to go on with in a dry run, whatever the verdict
    """

    template_fields = aws_template_fields("candidates")
    template_fields_renderers: ClassVar[dict[str, str]] = {"candidates": "json"}

    def __init__(self, *, candidates: Sequence[Result] | str, group: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.candidates = candidates
        self.group = group

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        listed: Sequence[Result] = from_template(self.candidates) or ()
        if not listed:
            raise AirflowSkipException("there are no candidates: nothing was asked for, or what asks has failed")
        ti = context["ti"]
        states = states_in_run(ti)
        entries = [self._entry(ti, states, index, str(each["name"])) for index, each in enumerate(listed)]
        compared = comparison.compare([entry.row for entry in entries])
        self.log.info("%s", compared.told())
        first = next((entry for entry in entries if compared.first and entry.row.name == compared.first.name), None)
        others = [entry for entry in entries if entry is not first]
        rejected = [] if self.is_dry else self._reject(compared, others, first)
        if first is None or first.judged is None:
            raise CandidatesFailed(tuple(f"{entry.row.name}: {entry.row.reason}" for entry in entries))
        result = {**_told(compared, first, first.judged), "rejected": rejected, "dry_run": self.is_dry}
        result["endpoint"] = next(each["endpoint"] for each in listed if each["name"] == first.row.name)
        return self.go_on(result, context)

    def _entry(self, ti: Any, states: Mapping[str, str], index: int, name: str) -> Entry:
        def came_to(task: str) -> Any:
            task_id = f"{self.group}.{task}"
            succeeded = states.get(f"{task_id}_{index}") == "success"
            return ti.xcom_pull(task_ids=task_id, map_indexes=index) if succeeded else None

        candidate, registered = came_to("preflight"), came_to("register_package")
        job, judged = came_to("recommend"), came_to("judge")
        arn = registered["package_arn"] if registered else None
        if judged is None:
            row = comparison.failed(name, arn, self._why(ti, states, index))
        else:
            evidence = _evidence(judged)
            row = comparison.judged(name, str(arn), evidence.decision, evidence.candidate)
        return Entry(row, candidate, registered, job["job"] if job else None, judged)

    def _why(self, ti: Any, states: Mapping[str, str], index: int) -> str:
        group = [task_id for task_id in self._tasks_of_group() if states.get(f"{task_id}_{index}") == "failed"]
        of_item = {f"{task_id}_{index}": "failed" for task_id in group}
        told = [str(failure) for task_id in group for failure in failures_of(ti, of_item, task_id)]
        return "; ".join(told) or "it was not measured: its tasks were ended or did not begin"

    def _tasks_of_group(self) -> list[str]:
        dag: Any = self.dag
        return [task.task_id for task in dag.topological_sort() if task.task_id.startswith(f"{self.group}.")]

    def _reject(self, compared: Comparison, others: Sequence[Entry], first: Entry | None) -> list[str]:
        """The versions of those that do not go on; that of the first is the gate's own business, won or lost."""
        spared = {first.row.package_arn} if first else set()
        rejected = []
        for entry in others:
            arn, registered = entry.row.package_arn, entry.registered
            if arn is None or registered is None or arn in spared:
                continue
            refused = entry.judged is not None and not entry.row.passes
            if registered["approval"] == "Approved" and not refused:
                # It may be what production serves; that another one is better says nothing against it.
                self.log.info("%s was approved before this run and stays approved", arn)
                continue
            self.hook.update_package(resource_requests.reject_package(arn, compared.why_not(entry.row), {}))
            rejected.append(arn)
        return rejected


def _told(compared: Comparison, first: Entry, judged: Result) -> dict[str, Any]:
    """Judge's result for the first, with the others beside it."""
    evidence = _evidence(judged)
    decision = replace(evidence.decision, reason=compared.told())
    if compared.winner is None and decision.verdict is Verdict.PASS:
        raise AssertionError("a candidate passes, and none has won")
    return {
        **judged,
        "reason": decision.reason,
        "evidence": to_document(replace(evidence, decision=decision, compared=compared.ranked)),
        "winner": compared.winner.name if compared.winner else None,
        "candidate": first.candidate,
        "registered": first.registered,
        "package_arn": first.row.package_arn,
        "job": first.job,
    }
