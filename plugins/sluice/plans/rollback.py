"""`rollback__<pipeline>`: production back to the previous approved version, or to a named one, with proof."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TriggerRule

from sluice.operators.choose_version import ChooseVersionOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.record_rollback import RecordRollbackOperator
from sluice.operators.verify import VerifyOperator
from sluice.operators.withdraw import WithdrawOperator
from sluice.plans.news import tells_outcome
from sluice.plans.step import DagKind, Step, json_result, production_asset, result, result_if_any, text_param
from sluice.specs.pipeline import PipelineSpec, Stage
from sluice.specs.service_limits import PACKAGE_ARN


def plan(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    """The tasks of a rollback. Nothing is measured: the version has been through the gate before."""
    chosen = {"package_arn": result("choose_version", "package_arn")}
    pipeline = {"pipeline": spec, "candidate": result("preflight")}
    as_now = {"fleet": json_result("choose_version", "fleet")}
    return (
        Step(
            "choose_version",
            ChooseVersionOperator,
            given={"pipeline": spec, "package_arn": text_param("model_package_arn")},
        ),
        Step("preflight", PreflightOperator, ("choose_version",), {"pipeline": spec, **chosen}),
        Step("create_model", CreateModelOperator, ("preflight",), {**pipeline, **chosen}),
        Step(
            "roll_back",
            DeployEndpointOperator,
            ("create_model",),
            # The alarms speak against the version that is to go, and would end its rollback.
            {**pipeline, **as_now, "stage": Stage.PRODUCTION.value, "poll_s": poll_s, "guarded": False},
        ),
        Step(
            "verify",
            VerifyOperator,
            ("roll_back",),
            {**pipeline, **chosen, **as_now, "outlets": [production_asset(spec)]},
        ),
        Step(
            "withdraw",
            WithdrawOperator,
            ("verify",),
            {"package_arn": result("choose_version", "leaves"), "reason": text_param("reason")},
        ),
        Step(
            "record",
            RecordRollbackOperator,
            ("verify", "withdraw"),
            {
                "pipeline": spec,
                "reason": text_param("reason"),
                "chosen": result_if_any("choose_version"),
                "deployed": result_if_any("roll_back"),
                "verified": result_if_any("verify"),
                "withdrawn": result_if_any("withdraw"),
                **tells_outcome(spec),
            },
            TriggerRule.ALL_DONE,
        ),
        # `record` succeeds after a failure too; the run does not, for then `withdraw` is upstream-failed.
        Step("outcome", EmptyOperator, ("withdraw", "record"), trigger_rule=TriggerRule.NONE_FAILED),
    )


def params(spec: PipelineSpec) -> dict[str, Param]:
    """What the trigger form asks for."""
    return {
        "model_package_arn": Param(
            None,
            type=["null", "string"],
            pattern=PACKAGE_ARN,
            title="Version",
            description=f"ARN of an approved version of {spec.package.group}; the one before production's when empty.",
        ),
        "reason": Param(
            "rolled back by hand",
            type="string",
            minLength=1,
            maxLength=500,
            title="Reason",
            description="Goes into the version that production leaves, which is Rejected and not promoted again.",
        ),
    }


def describe(spec: PipelineSpec) -> str:
    """The DAG's documentation in Airflow, as Markdown."""
    return (
        f"# Roll back {spec.pipeline}\n\n"
        f"Brings `{spec.production.endpoint}` back to the version of `{spec.package.group}` that was approved before "
        "the one it serves, or to the one that you name, at once and without the alarms of `production.deployment`; "
        "then asks it a sample row.\n\nThe version that production leaves is Rejected with your reason. A promotion "
        "does not take it to production again until somebody approves it in the registry. The record of the "
        f"rollback is kept below `{spec.evidence.prefix}`.\n"
    )


ROLLBACK = DagKind(
    verb="rollback",
    tag="rollback",
    summary="Brings {pipeline} back to an earlier approved version",
    plan=plan,
    params=params,
    describe=describe,
)
