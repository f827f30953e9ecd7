from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.gate.decision import Rule
from sluice.gate.metrics import Metric
from sluice.specs.pipeline import Stage, with_overrides
from sluice.specs.production import FleetChoice
from sluice.specs.staging import AfterGate

from tests.fakes.specs import DROP, a_spec, spec_document

CONTAINER = spec_document()["containers"][0]

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("pipeline", {"pipeline": "a_b"}, "does not match"),
    ("pipeline", {"pipeline": "x" * 64}, "at most 63"),
    ("pipeline", {"pipeline": "x-"}, "does not match"),
    ("pipeline", {"pipeline": DROP}, "is missing"),
    ("pipeline", {"pipeline": None}, "must be text"),
    ("schedule", {"schedule": "@weekyl"}, "did you mean '@weekly'"),
    ("schedule", {"schedule": "@continuous"}, "none of the presets"),
    ("schedule", {"schedule": "0 0 * *"}, "4 fields"),
    ("schedule", {"schedule": "61 0 * * *"}, "outside 0 to 59"),
    ("schedule", {"schedule": "0 0 * 13 *"}, "outside 1 to 12"),
    ("schedule", {"schedule": "0 0 * ! *"}, "not cron"),
    ("schedule", {"schedule": ["@weekly"]}, "must be text"),
    ("schedule.assets", {"schedule": {"assets": []}}, "at least 1"),
    ("schedule.asset", {"schedule": {"asset": ["x"]}}, "did you mean 'assets'"),
    ("aws.role", {"aws__role": "sluice"}, "does not match"),
    ("aws.region", {"aws__region": "Virginia"}, "does not match"),
    ("package.group", {"package__group": "x" * 64}, "at most 63"),
    ("package.domain", {"package__domain": "MACHINE_LERNING"}, "did you mean 'MACHINE_LEARNING'"),
    ("package.task", {"package__task": "classification"}, "must be one of"),
    ("package.framework", {"package__framework": "SKLEARN"}, "must be one of"),
    ("package.framework_version", {"package__framework_version": "14"}, "does not match"),
    ("package.framework_version", {"package__framework_version": 1.4}, "write it in quotes"),
    ("package.sample_payload", {"package__sample_payload": "s3://b/payload.zip"}, "does not match"),
    ("package.sample_payload", {"package__sample_payload": "/tmp/payload.tar.gz"}, "does not match"),
    ("package.content_types", {"package__content_types": []}, "at least 1"),
    ("package.content_types[0]", {"package__content_types": ["csv"]}, "does not match"),
    ("package.response_types", {"package__response_types": "text/csv"}, "must be a list"),
    ("containers", {"containers": [CONTAINER]}, "at least 2"),
    ("containers", {"containers": [{"image": "i"} for _ in range(16)]}, "at most 15"),
    ("containers[1].hostname", {"containers__1__hostname": DROP}, "all containers have a hostname"),
    ("containers[1].hostname", {"containers__1__hostname": "featurize"}, "containers[0] already"),
    ("containers[1].hostname", {"containers__1__hostname": "a.b"}, "does not match"),
    ("containers[0].image", {"containers__0__image": "has space"}, "does not match"),
    ("containers[0].image", {"containers__0__image": "x" * 256}, "at most 255"),
    ("containers[0].model_data", {"containers__0__model_data": "s3://UPPER/m.tar.gz"}, "does not match"),
    ("containers[0].environment.1A", {"containers__0__environment": {"1A": "x"}}, "no variable name"),
    ("containers[0].environment.A", {"containers__0__environment": {"A": "x" * 1025}}, "at most 1024"),
    ("containers[0].environment.A", {"containers__0__environment": {"A": 4}}, "write it in quotes"),
    ("containers[0].environment.A", {"containers__0__environment": {"A": True}}, "must be text"),
    ("containers[0].environment", {"containers__0__environment": {f"A{n}": "" for n in range(101)}}, "at most 100"),
    ("containers[1].framework_version", {"containers__1__framework": DROP}, "needs a framework"),
    ("staging.instance_type", {"staging__instance_type": "c5.large"}, "does not match"),
    ("production.deployment.type", {"production__deployment": {"type": "canry"}}, "did you mean 'canary'"),
    ("production.deployment.percent", {"production__deployment": {"type": "canary"}}, "moves 1 to 50 per cent"),
    ("production.deployment.percent", {"production__deployment": {"type": "all_at_once", "percent": 5}}, "is not for"),
    ("production.deployment.percent", {"production__deployment": {"type": "linear", "percent": 9}}, "10 to 50"),
    ("production.deployment.percent", {"production__deployment": {"type": "rolling", "percent": 4}}, "5 to 50"),
    ("production.deployment.percent", {"production__deployment": {"type": "canary", "percent": 51}}, "at most 50"),
    (
        "production.deployment.timeout_seconds",
        {"production__deployment": {"type": "linear", "percent": 10, "timeout_seconds": 3000}},
        "which are 3000 seconds",
    ),
    (
        "production.deployment.alarms[0]",
        {"production__deployment": {"type": "all_at_once", "alarms": [" "]}},
        "does not match",
    ),
    (
        "production.deployment.alarms",
        {"production__deployment": {"type": "all_at_once", "alarms": [f"a{n}" for n in range(11)]}},
        "at most 10",
    ),
    ("staging.instances", {"staging__instances": 0}, "at least 1"),
    ("staging.instances", {"staging__instances": True}, "must be a whole number"),
    ("staging.instances", {"staging__instances": 1.5}, "must be a whole number"),
    ("staging.after_gate", {"staging__after_gate": "remove"}, "must be one of keep, delete"),
    ("benchmark.job_type", {"benchmark__job_type": "ADVANCED"}, "must be one of Default, Advanced"),
    ("benchmark.instance_types[1]", {"benchmark__instance_types": ["ml.c5.large"] * 2}, "twice"),
    ("benchmark.instance_types[1]", {"benchmark__instance_types": ["ml.c5.large", "ml.t2.medium"]}, "burstable"),
    ("benchmark.instance_types", {"benchmark__instance_types": ["ml.c5.xlarge"]}, "asks for its cost"),
    ("benchmark.instance_types", {"benchmark__instance_types": [f"ml.c5.x{n}" for n in range(11)]}, "at most 10"),
    ("benchmark.stop.latency.percentile", {"benchmark__stop": {"latency": {"percentile": "P50", "ms": 1}}}, "P95, P99"),
    ("benchmark.stop.latency.ms", {"benchmark__stop": {"latency": {"percentile": "P95", "ms": 0}}}, "at least 1"),
    ("benchmark.stop", {"benchmark__stop": {}}, "is empty"),
    ("gate.rules", {"gate__rules": []}, "at least 1"),
    ("gate.rules[1].max", {"gate__rules__1__max": "25"}, "must be a number"),
    ("gate.rules[1].max", {"gate__rules__1__max": float("nan")}, "finite"),
    ("gate.rules[1].max", {"gate__rules__1__max": 10**400}, "too large"),
    ("gate.rules[1]", {"gate__rules__1__min": 1}, "exactly one of"),
    ("gate.rules[1].metric", {"gate__rules__1__metric": "model_latency"}, "did you mean 'model_latency_ms'"),
    ("gate.rules[0].maximum", {"gate__rules__0__maximum": 1}, "is not a key that Sluice knows"),
    ("gate.aproval", {"gate__aproval": {"required": True}}, "is not a key that Sluice knows"),
    ("production.endpoint", {"production__endpoint": "iris-staging"}, "must differ"),
    ("production.instance", {"production__instance": "cheapest"}, "did you mean 'cheapest_passing'"),
    (
        "production.instance",
        {"production": {"endpoint": "iris", "instance": "cheapest_passing", "instances": 2}},
        "chooses type and number",
    ),
    (
        "production.instance",
        {"production": {"endpoint": "iris", "instance": "cheapest_passing", "instance_type": "ml.c5.large"}},
        "chooses type and number",
    ),
    ("production.instance_type", {"production__instance_type": "cheapest_passing"}, "does not match"),
    ("production.autoscaling.max_per_minute", {"production__autoscaling": {"min_per_minute": 600}}, "is missing"),
    (
        "production.autoscaling.max_per_minute",
        {"production__autoscaling": {"min_per_minute": 600, "max_per_minute": 500}},
        "at least min_per_minute",
    ),
    (
        "production.autoscaling.target_cpu_percent",
        {"production__autoscaling": {"min_per_minute": 0, "max_per_minute": 5, "target_cpu_percent": 101}},
        "at most 100",
    ),
    ("evidence.prefix", {"evidence__prefix": "s3://b/" + "x" * 100}, "at most 100"),
    ("evidence", {"evidence": DROP}, "is missing"),
    ("evidence", {"evidence": "s3://b/x"}, "must be keys and values"),
    ("watch.queue", {"watch": {"queue": "versions"}}, "does not match"),
    ("watch.queue", {"watch": {}}, "is missing"),
    ("rebenchmark.schedule", {"rebenchmark": {"schedule": "@monthy"}}, "@monthly"),
    ("rebenchmark.max_drift_pct", {"rebenchmark": {"max_drift_pct": -1}}, "at least 0"),
    ("rebenchmark.min_saving_pct", {"rebenchmark": {"min_saving_pct": 101}}, "at most 100"),
    ("rebenchmark.instance_types[0]", {"rebenchmark": {"instance_types": ["ml.t3.large"]}}, "burstable"),
    ("rebenchmark.instance_types[1]", {"rebenchmark": {"instance_types": ["ml.m5.large"] * 2}}, "twice"),
    ("rebenchmark.instance_type", {"rebenchmark": {"instance_type": ["ml.m5.large"]}}, "did you mean"),
]


@pytest.mark.parametrize(("path", "changes", "says"), REFUSED, ids=[f"{path}-{says}" for path, _, says in REFUSED])
def test_a_spec_that_cannot_work_is_refused_with_the_path_to_the_key(
    path: str, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        a_spec(**changes)
    assert caught.value.path == path
    assert says in caught.value.problem


def test_defaults() -> None:
    spec = a_spec(schedule=DROP)
    assert spec.schedule is None
    assert spec.aws.connection == "aws_default"
    assert spec.staging.after_gate is AfterGate.KEEP
    assert spec.benchmark.job_type == "Default"
    assert spec.containers[1].environment == {}
    assert spec.gate.rules[0] == Rule(metric=Metric.MODEL_LATENCY_MS, max=120)


@pytest.mark.parametrize(
    "schedule", [None, "@daily", "*/15 0-6 1,15 JAN-JUN MON#1", "0 4 L * 7", {"assets": ["s3://a", "b"]}]
)
def test_schedules_that_airflow_takes(schedule: Any) -> None:
    assert a_spec(schedule=schedule).pipeline == "iris"


def test_containers_may_all_be_without_hostname_and_artifact() -> None:
    spec = a_spec(containers=[{"image": "own:1"}, {"image": "own:2"}])
    assert spec.artifact_uris == ("s3://models/iris/payload.tar.gz",)


def test_names_at_the_limit_are_taken() -> None:
    assert len(a_spec(pipeline="p" * 63).pipeline) == 63


def test_production_runs_on_what_was_measured_unless_told_otherwise() -> None:
    assert a_spec().fleet(Stage.PRODUCTION).instance_type == "ml.c5.large"
    other = a_spec(production__instance_type="ml.m5.large", production__instances=3)
    fleet = other.fleet(Stage.PRODUCTION)
    assert (fleet.endpoint, fleet.instance_type, fleet.instances) == ("iris", "ml.m5.large", 3)
    assert other.fleet(Stage.STAGING).instance_type == "ml.c5.large"


def test_each_artifact_is_listed_once_in_order() -> None:
    shared = a_spec(containers__1__model_data="s3://models/iris/featurize/model.tar.gz")
    assert shared.artifact_uris == ("s3://models/iris/featurize/model.tar.gz", "s3://models/iris/payload.tar.gz")


def test_a_spec_survives_copying_and_pickling() -> None:
    spec = a_spec()
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes
    assert copy.deepcopy(spec) == spec


class TestOverrides:
    def test_other_artifacts_and_added_variables(self) -> None:
        spec = a_spec()
        new = with_overrides(
            spec,
            {"predict": "s3://models/new/model.tar.gz"},
            {"featurize": {"WORKERS": "2", "SAGEMAKER_PROGRAM": "x.py"}},
        )
        assert new.containers[1].model_data == "s3://models/new/model.tar.gz"
        assert new.containers[0].environment == {"SAGEMAKER_PROGRAM": "x.py", "WORKERS": "2"}
        assert new.containers[0].model_data == spec.containers[0].model_data
        assert spec == a_spec()

    def test_nothing_given_changes_nothing(self) -> None:
        assert with_overrides(a_spec()) == a_spec()
        assert with_overrides(a_spec(), {}, {}) == a_spec()

    @pytest.mark.parametrize(
        ("arguments", "path", "says"),
        [
            ({"model_data": {"predcit": "s3://b/m.tar.gz"}}, "params.model_data.predcit", "did you mean 'predict'"),
            ({"environment": {"zzz": {}}}, "params.environment.zzz", "featurize, predict"),
            ({"model_data": {"predict": "/tmp/m"}}, "params.model_data.predict", "does not match"),
            ({"environment": {"predict": {"1": "x"}}}, "params.environment.predict.1", "no variable name"),
            ({"environment": {"predict": {"A": 1}}}, "params.environment.predict.A", "must be text"),
        ],
    )
    def test_the_parameter_at_fault_is_named(self, arguments: dict[str, Any], path: str, says: str) -> None:
        with pytest.raises(SpecError) as caught:
            with_overrides(a_spec(), **arguments)
        assert caught.value.path == path
        assert says in caught.value.problem


@pytest.mark.parametrize(
    ("wanted", "waits_s"),
    [
        ({"type": "all_at_once", "bake_seconds": 60}, 60),
        ({"type": "canary", "percent": 5, "bake_seconds": 60}, 120),
        ({"type": "linear", "percent": 30, "bake_seconds": 60}, 240),
        ({"type": "rolling", "percent": 50, "bake_seconds": 60}, 120),
    ],
)
def test_how_long_a_deployment_waits_at_most(wanted: dict[str, Any], waits_s: int) -> None:
    deployment = a_spec(production__deployment=wanted).deployment(Stage.PRODUCTION)
    assert deployment is not None and deployment.waits_s == waits_s


def test_a_fleet_that_was_chosen_is_right_where_the_spec_that_let_it_be_chosen_was() -> None:
    spec = a_spec(staging__instance_type="ml.m5.large", production__instance="cheapest_passing")
    chosen = FleetChoice(instance_type="ml.c5.xlarge", instances=2)
    fleet = replace(spec, production=spec.production.on(chosen)).fleet(Stage.PRODUCTION)
    assert (fleet.instance_type, fleet.instances) == ("ml.c5.xlarge", 2)
