"""What all operators of Sluice share: the connection's parameters, retries, and telling later tasks why one failed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from sluice.deployment_errors import DeploymentError
from sluice.errors import (
    ArtifactError,
    BatchError,
    BenchmarkFailed,
    CandidatesFailed,
    EvidenceError,
    ModelDiffers,
    NoVersion,
    PackageFailed,
    SpecError,
)
from sluice.evidence.failure import failure_of, to_xcom
from sluice.fields.limits import did_you_mean
from sluice.hook import SluiceHook
from sluice.lineage import Lineage, as_openlineage
from sluice.refusals.errors import CallDenied, QuotaExceeded, RequestInvalid

if TYPE_CHECKING:
    from airflow.sdk import Context

FAILURE_KEY = "failure"
"""XCom key under which a failing task leaves its `failure.Failure` for `reject`, `report` and the run's page."""

TAG = "sluice"
"""The tag of every DAG that is made of a spec."""

AFTER_OTHERS = timedelta(minutes=5)
"""Quota and capacity come back when somebody else's instances go, which takes minutes."""

RETRY_WHAT_MAY_PASS = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                SpecError,
                ArtifactError,
                PackageFailed,
                NoVersion,
                ModelDiffers,
                DeploymentError,
                BenchmarkFailed,
                CandidatesFailed,
                BatchError,
                EvidenceError,
                RequestInvalid,
            ],
            action=RetryAction.FAIL,
            reason="the same input would end in the same way",
        ),
        RetryRule(exception=CallDenied, action=RetryAction.FAIL, reason="a permission has to be given first"),
        RetryRule(
            exception=QuotaExceeded,
            action=RetryAction.RETRY,
            retry_delay=AFTER_OTHERS,
            reason="others may give instances back",
        ),
    ]
)
"""Throttling, lost connections and killed workers are retried after the task's own delay, quota and capacity after a
longer one. What the candidate itself is at fault for, and what a person has to allow first, is not.
"""


@contextmanager
def telling_failures(context: Context) -> Iterator[None]:
    """Leave the reason of a failure for later tasks."""
    try:
        yield
    except (AirflowSkipException, DownstreamTasksSkipped):
        raise  # these are answers, not failures
    except Exception as error:
        ti = context["ti"]
        ti.xcom_push(key=FAILURE_KEY, value=to_xcom(failure_of(ti.task_id, error)))
        raise


class SluiceOperator(AwsBaseOperator[SluiceHook]):
    """Base of all operators that call AWS. Subclasses implement `carry_out`, and may defer from it.

    :param aws_conn_id: Airflow connection; its `endpoint_url` decides where the calls go
    :param region_name: AWS region; the connection's own when None
    :param verify: whether to check TLS certificates, or the path to a CA bundle
    :param botocore_config: keywords of `botocore.config.Config`
    """

    aws_hook_class = SluiceHook
    _result: Any = None
    template_fields = aws_template_fields("botocore_config")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A subclass names the fields that it adds; what its bases have templated stays so."""
        super().__init_subclass__(**kwargs)
        of_bases = (field for base in cls.__mro__ for field in getattr(base, "template_fields", ()))
        cls.template_fields = tuple(sorted({*cls.template_fields, *of_bases}))

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("retry_policy", RETRY_WHAT_MAY_PASS)
        super().__init__(**kwargs)

    def carry_out(self, context: Context) -> Any:
        """Do the work; the result is small JSON and becomes the task's XCom."""
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Carry out, and leave the reason of a failure for later tasks."""
        with telling_failures(context):
            self._refuse_what_nobody_reads(context)
            return self._ended_with(self.carry_out(context))

    def _refuse_what_nobody_reads(self, context: Context) -> None:
        """Airflow checks a run's parameters when it is triggered and before each task, but takes any others as well:
        with `{"dryrun": true}` a version would go live. A run's first task refuses them; other DAGs' are their own.
        """
        run, dag = context.get("dag_run"), self.get_dag()
        if self.upstream_task_ids or run is None or dag is None or TAG not in dag.tags:
            return
        for key in run.conf or {}:
            if key not in dag.params:
                known = sorted(dag.params)
                hint = did_you_mean(key, known) or f"; there are {', '.join(known) or 'none'}"
                raise SpecError(f"params.{key}", f"is no parameter of {dag.dag_id}{hint}")

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a wait, with failures told in the same way."""
        with telling_failures(context):
            return self._ended_with(super().resume_execution(next_method, next_kwargs, context))

    def _ended_with(self, result: Any) -> Any:
        self._result = result
        return result

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """What the task read and made, by its result; nothing where a subclass does not say."""
        return Lineage()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What Airflow's OpenLineage provider asks a task for when it has succeeded.

        It asks in a process that it has forked, where nothing may be asked of Airflow: reading the XCom waits for ever
        in `dag.test()`, and shares the task runner's socket elsewhere.
        """
        return as_openlineage(self.lineage(self._result) if isinstance(self._result, Mapping) else Lineage())

    @property
    def connection(self) -> dict[str, Any]:
        """The connection's parameters, for triggers."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }


def from_template(value: Any) -> Any:
    """A template field's value at run time: JSON text, which is what `{{ ... | tojson }}` renders to, or an object."""
    return json.loads(value) if isinstance(value, str) else value
