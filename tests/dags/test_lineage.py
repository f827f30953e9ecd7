"""What tasks tell OpenLineage: which data a version is made of, and where it goes."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from sluice.lineage import named, sibling
from sluice.operators.batch_transform import BatchTransformOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.record_rollback import RecordRollbackOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.report import ReportOperator

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

PLACE = "arn:aws:sagemaker:us-east-1:123456789012"
PACKAGE = f"{PLACE}:model-package/iris-group/1"
BATCH = {"input": "s3://models/in", "output": "s3://models/out", "instance_type": "ml.m5.large"}
OF_SPEC = given(a_candidate(a_spec(batch=BATCH)))
MODEL = a_candidate(a_spec(batch=BATCH)).names.model
OF_VERSION = {**OF_SPEC, "package_arn": PACKAGE}
MODELS = [("s3://models", f"iris/{each}.tar.gz") for each in ("featurize/model", "predict/model", "payload")]
JOB = f"{PLACE}:inference-recommendations-job/j"
TRANSFORM = {"job_arn": f"{PLACE}:transform-job/j", "output": "s3://models/out/j/"}
CASES = [
    (RegisterPackageOperator, OF_SPEC, {"package_arn": PACKAGE}, MODELS, [(PLACE, "model-package/iris-group/1")]),
    (
        CreateModelOperator,
        OF_VERSION,
        {"model": "iris-1"},
        [(PLACE, "model-package/iris-group/1")],
        [(PLACE, "model/iris-1")],
    ),
    (
        PromoteOperator,
        {**OF_VERSION, "reason": "x"},
        {"endpoint_arn": f"{PLACE}:endpoint/iris"},
        [(PLACE, "model-package/iris-group/1"), (PLACE, f"model/{MODEL}")],
        [(PLACE, "endpoint/iris")],
    ),
    (
        DeployEndpointOperator,
        {**OF_SPEC, "stage": "staging"},
        {"endpoint_arn": f"{PLACE}:endpoint/iris-staging"},
        [(PLACE, f"model/{MODEL}")],
        [(PLACE, "endpoint/iris-staging")],
    ),
    (
        ReportOperator,
        {**OF_SPEC, "registered": None, "judged": None},
        {"package_arn": PACKAGE, "evidence_uri": "s3://models/evidence/e.json"},
        [(PLACE, "model-package/iris-group/1")],
        [("s3://models", "evidence/e.json")],
    ),
    (
        ReportOperator,
        {**OF_SPEC, "registered": None, "judged": None},
        {"package_arn": None, "evidence_uri": None},
        [],
        [],
    ),
    (
        RecordRollbackOperator,
        {"pipeline": a_spec(), "reason": "x", "chosen": None},
        {"from_package_arn": None, "to_package_arn": PACKAGE, "evidence_uri": "s3://models/evidence/r.json"},
        [(PLACE, "model-package/iris-group/1")],
        [("s3://models", "evidence/r.json")],
    ),
    (
        RecommendOperator,
        OF_VERSION,
        {"job_arn": JOB},
        [(PLACE, "model-package/iris-group/1"), (PLACE, "endpoint/iris-staging"), MODELS[-1]],
        [(PLACE, "inference-recommendations-job/j")],
    ),
    (
        BatchTransformOperator,
        OF_SPEC,
        TRANSFORM,
        [("s3://models", "in"), (PLACE, f"model/{MODEL}")],
        [("s3://models", "out/j/")],
    ),
    (DeleteEndpointOperator, {"endpoint": "iris"}, {"endpoint": "iris"}, [], []),
]


def told(operator: Any, arguments: Any, result: Any) -> Any:
    task = operator(task_id="t", **arguments)
    task.carry_out = lambda context: result
    DagRunOnFakeAws(FakeAws()).run(task)
    return task.get_openlineage_facets_on_complete(None)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenLineage's classes: its own where they are installed, else as far as they are used."""
    if find_spec("airflow.providers.openlineage") is None:
        module = ModuleType("airflow.providers.openlineage.extractors")
        module.__dict__["OperatorLineage"] = SimpleNamespace
        facet = ModuleType("airflow.providers.common.compat.openlineage.facet")
        facet.__dict__["Dataset"] = SimpleNamespace
        for each in (module, facet):
            monkeypatch.setitem(sys.modules, each.__name__, each)


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(("operator", "arguments", "result", "inputs", "outputs"), CASES)
def test_a_task_tells_what_it_read_and_what_it_made(
    operator: Any, arguments: Any, result: Any, inputs: Any, outputs: Any
) -> None:
    lineage = told(operator, arguments, result)
    assert [(each.namespace, each.name) for each in lineage.inputs] == inputs
    assert [(each.namespace, each.name) for each in lineage.outputs] == outputs
    assert told(operator, arguments, None).outputs == []


@pytest.mark.usefixtures("provider")
def test_a_task_that_has_waited_tells_it_too() -> None:
    task = DeployEndpointOperator(task_id="t", stage="staging", **OF_SPEC)
    run = DagRunOnFakeAws(FakeAws())
    run.run(task)
    assert run.waits and [each.name for each in task.get_openlineage_facets_on_complete(None).outputs] == [
        "endpoint/iris-staging"
    ]


@pytest.mark.usefixtures("provider")
def test_a_task_that_has_failed_made_nothing() -> None:
    task = RegisterPackageOperator(task_id="t", **OF_SPEC)
    assert task.get_openlineage_facets_on_complete(None).outputs == []


def test_addresses() -> None:
    assert named("s3://bucket") == ("s3://bucket", "/")
    assert sibling(PACKAGE, "endpoint", "iris") == f"{PLACE}:endpoint/iris"
