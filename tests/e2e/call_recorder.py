"""Every call to AWS that a task of Sluice's makes while `dag.test()` runs it, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import pytest
from sluice.refusals.permissions import needs_of

from include.iam.patterns import ACCOUNT, REGION, Layout, pattern
from include.iam.record import Used, merged

KEYS = {"evidence": "EvidenceBucket", "batch/output": "OutputBucket", "batch/": "InputBucket"}
"""Where the sample pipeline's spec has what; it keeps everything in one bucket."""
LAYOUT = Layout(KEYS, otherwise="ModelBucket", without_key="EvidenceBucket")
LAYOUTS = {"batch_transform": Layout(KEYS, otherwise="ModelBucket", without_key="OutputBucket")}
"""Where it is asked for a bucket alone, that is because the DAG is to write into it."""


@dataclass(frozen=True)
class Maker:
    """The task that runs."""

    dag: str
    task: str
    pipeline: str | None

    def __str__(self) -> str:
        return f"{self.dag}/{self.task}"


_maker: ContextVar[Maker | None] = ContextVar("maker", default=None)


class CallRecorder:
    """What has been called so far. `unknown` are calls that `sluice.refusals.permissions` has no row for."""

    def __init__(self) -> None:
        self.used: tuple[Used, ...] = ()
        self.unknown: set[str] = set()

    @contextmanager
    def task(self, dag: str, task: str, pipeline: str | None) -> Iterator[None]:
        """What is called inside is this task's."""
        token = _maker.set(Maker(dag, task, pipeline))
        try:
            yield
        finally:
            _maker.reset(token)

    def note(self, service: str, operation: str, request: Mapping[str, Any]) -> None:
        """One call; of none of our tasks when nobody runs."""
        maker = _maker.get()
        if maker is None:
            return
        by = f"{maker}: {service} {operation}"
        try:
            needs = needs_of(service, operation, request, REGION, ACCOUNT)
        except KeyError as error:
            self.unknown.add(f"{by}: {error.args[0]}")
            return
        made_by = frozenset({by})
        for need in needs:
            resource = pattern(need.resource, request, maker.pipeline, LAYOUTS.get(maker.dag, LAYOUT))
            self.used = merged(self.used, (Used(need.action, resource, need.condition, made_by),))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Listen to boto3, aiobotocore and `dag.test()`."""
        from aiobotocore.client import AioBaseClient
        from airflow.sdk.definitions import dag
        from botocore.client import BaseClient

        patch.setattr(BaseClient, "_make_api_call", self._listening(BaseClient._make_api_call))
        patch.setattr(AioBaseClient, "_make_api_call", self._listening(AioBaseClient._make_api_call))
        run_task = dag._run_task

        def run(*, ti: Any, task: Any, **more: Any) -> Any:
            tags = set(task.dag.tags)
            if "sluice" not in tags:
                return run_task(ti=ti, task=task, **more)
            # The third tag of a pipeline's DAG is the pipeline; a DAG for all pipelines has none.
            pipeline = next(iter(sorted(tags - {"sluice", *KINDS})), None)
            with self.task(ti.dag_id.partition("__")[0], ti.task_id, pipeline):
                return run_task(ti=ti, task=task, **more)

        patch.setattr(dag, "_run_task", run)

    def _listening(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def listening(client: Any, operation_name: str, api_params: Mapping[str, Any]) -> Any:
            self.note(client.meta.service_model.service_name, operation_name, api_params)
            return call(client, operation_name, api_params)

        return listening


KINDS = frozenset({"promotion", "rollback", "batch", "housekeeping", "rebenchmark"})
"""The tags that say which kind of DAG it is."""
