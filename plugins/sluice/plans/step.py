"""A kind of DAG and a task of it, as data; and the templates by which a task is given what earlier ones came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow import settings
from airflow.sdk import (
    Asset,
    AssetAll,
    AssetAny,
    AssetOrTimeSchedule,
    AssetWatcher,
    BaseOperator,
    CronTriggerTimetable,
    Param,
    TriggerRule,
)
from airflow.sdk.bases.timetable import BaseTimetable
from airflow.sdk.definitions.asset import BaseAsset
from airflow.sdk.definitions.timetables.simple import OnceTimetable

from sluice.runs import asset_names
from sluice.specs.pipeline import PipelineSpec
from sluice.specs.schedule import AssetSchedule

if TYPE_CHECKING:
    from airflow.sdk.definitions.deadline import DeadlineAlert

MESSAGES_AT_ONCE = 10
"""The most that ReceiveMessage gives."""
WATCH_SECONDS = 20
"""Between two looks at a queue: little beside a promotion, and 4,000 calls a day."""

Schedule = str | list[Asset] | BaseAsset | AssetOrTimeSchedule | None


@dataclass(frozen=True)
class Group:
    """A task group of which Airflow makes one for each item in the result of the task `over`."""

    group_id: str
    over: str

    def id_of(self, task_id: str) -> str:
        """A task's whole id."""
        return f"{self.group_id}.{task_id}"


@dataclass(frozen=True)
class Step:
    """One task: its id, what it is, what it is given, and what it comes after."""

    task_id: str
    operator: type[BaseOperator]
    after: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS
    tears_down: tuple[str, ...] | None = None
    """Tasks whose doing this one undoes: Airflow's setups. It runs once one of them has succeeded and all tasks between
    have ended in whatever way, also when a person ends the run; when it fails, so does the run. With no such tasks it
    runs whenever all before it have ended; None is for all that are no teardowns.
    """
    group: Group | None = None

    def inside(self, group: Group) -> Step:
        """The same in a group, and after tasks of that group."""
        torn_down = None if self.tears_down is None else tuple(map(group.id_of, self.tears_down))
        return replace(
            self,
            task_id=group.id_of(self.task_id),
            after=tuple(map(group.id_of, self.after)),
            tears_down=torn_down,
            group=group,
        )


def by_hand(spec: PipelineSpec) -> Schedule:
    """No schedule: a person starts it, or another DAG."""
    return None


def no_deadline(spec: PipelineSpec) -> None:
    """A run may take as long as it takes."""


def production_asset(spec: PipelineSpec) -> Asset:
    """`sagemaker://<group>`: updated when another version of the group, or the same again, serves and has answered."""
    return Asset(asset_names.production(spec.package.group))


def findings_asset(spec: PipelineSpec) -> Asset:
    """`sagemaker://<group>/findings`: updated when production's version was measured again and something was found."""
    return Asset(asset_names.findings(spec.package.group))


def versions_asset(spec: PipelineSpec, queue: str) -> Asset:
    """`sagemaker://<group>/versions/<pipeline>`: updated by Airflow's triggerer for messages in `queue` on the group.

    The trigger deletes the messages that it takes, and leaves those on other groups in the queue.
    """
    from airflow.providers.amazon.aws.triggers.sqs import SqsSensorTrigger  # for specs that watch, and no others

    trigger = SqsSensorTrigger(
        sqs_queue=queue,
        aws_conn_id=spec.aws.connection,
        region_name=spec.aws.region,
        max_messages=MESSAGES_AT_ONCE,
        waiter_delay=WATCH_SECONDS,
        message_filtering="jsonpath",
        message_filtering_config="detail.ModelPackageGroupName",
        message_filtering_match_values=[spec.package.group],
    )
    watcher = AssetWatcher(name=f"{spec.pipeline}-versions", trigger=trigger)
    return Asset(asset_names.versions(spec.package.group, spec.pipeline), watchers=[watcher])


def as_scheduled(schedule: str | AssetSchedule | None) -> Schedule:
    """A schedule of the spec as Airflow's."""
    return [Asset(each) for each in schedule.assets] if isinstance(schedule, AssetSchedule) else schedule


def or_by_assets(schedule: Schedule, assets: Sequence[Asset]) -> Schedule:
    """The schedule, and a run as well whenever one of these assets is updated."""
    if not assets:
        return schedule
    if schedule is None:
        return AssetAny(*assets)
    if isinstance(schedule, list):
        return AssetAny(AssetAll(*schedule), *assets)
    if not isinstance(schedule, str):
        raise TypeError(f"{schedule!r} is combined already")
    return AssetOrTimeSchedule(timetable=_timetable(schedule), assets=AssetAny(*assets))


def _timetable(schedule: str) -> BaseTimetable:
    """What Airflow makes of a text by itself; it does not when assets are there too."""
    return OnceTimetable() if schedule == "@once" else CronTriggerTimetable(schedule, timezone=settings.TIMEZONE)


@dataclass(frozen=True, kw_only=True)
class DagKind:
    """One DAG for each spec, `<verb>__<pipeline>`. `plan` gets the seconds between two looks at what is waited for."""

    verb: str
    tag: str
    summary: str
    """One line for Airflow's list of DAGs; `{pipeline}` stands for the pipeline's name."""
    plan: Callable[[PipelineSpec, float], tuple[Step, ...]]
    params: Callable[[PipelineSpec], dict[str, Param]]
    describe: Callable[[PipelineSpec], str]
    schedule: Callable[[PipelineSpec], Schedule] = by_hand
    deadline: Callable[[PipelineSpec], DeadlineAlert | None] = no_deadline


def result(task_id: str, *path: str) -> str:
    """A template for a task's result as JSON text, or for the text at `path` in it."""
    pulled = f"ti.xcom_pull(task_ids='{task_id}')"
    if not path:
        return "{{ " + pulled + " | tojson }}"
    return "{{ " + pulled + "".join(f"['{key}']" for key in path) + " }}"


def text_result(group: Group | None, task_id: str, *path: str) -> str:
    """`result` of a task of the same group, for the same item; as it is without a group."""
    if group is None:
        return result(task_id, *path)
    pulled = f"ti.xcom_pull(task_ids='{group.id_of(task_id)}', map_indexes=ti.map_index)"
    return "{{ " + pulled + ("".join(f"['{key}']" for key in path) or " | tojson") + " }}"


def json_result(task_id: str, key: str) -> str:
    """A template for a part of a task's result as JSON text."""
    return "{{ ti.xcom_pull(task_ids='" + task_id + "')['" + key + "'] | tojson }}"


def part_if_any(task_id: str, *path: str) -> str:
    """An expression for a task's result, or a part of it, if the task succeeded in this run; else None."""
    parts = "".join(f".get('{key}')" for key in path)
    return f"(result_of(ti, '{task_id}') or {{}}){parts}" if parts else f"result_of(ti, '{task_id}')"


def result_if_any(*task_ids: str) -> str:
    """A template for a result as JSON text: of the first of these tasks that succeeded in this run, else `null`."""
    return first_of(*map(part_if_any, task_ids))


def first_of(*expressions: str) -> str:
    """A template for the first of these expressions that is something, as JSON text; else `null`."""
    return "{{ (" + " or ".join(expressions) + ") | tojson }}"


def param(name: str) -> str:
    """A template for a trigger parameter as JSON text."""
    return "{{ params." + name + " | tojson }}"


def text_param(name: str) -> str:
    """A template for a trigger parameter as it is, empty when it is not given."""
    return "{{ params." + name + " or '' }}"
