"""Values that are more than one column wide, as JSON text and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from include.sagemaker_local.deployment import AsyncInference, Container, Deployment, VariantPlan
from include.sagemaker_local.guardrails import Shift, Stage, VariantStatus, Wait
from include.sagemaker_local.store.records import VariantRecord


def to_json(value: object) -> str:
    """Compact JSON text."""
    return json.dumps(value, separators=(",", ":"))


def json_object(text: str) -> dict[str, Any]:
    """The object in `text`, which `to_json` wrote."""
    value: dict[str, Any] = json.loads(text)
    return value


def json_objects(text: str) -> tuple[dict[str, Any], ...]:
    """The list of objects in `text`, which `to_json` wrote."""
    return tuple(json.loads(text))


def containers_to_json(containers: Sequence[Container]) -> str:
    """A chain of containers, in order."""
    return to_json([_container(container) for container in containers])


def containers_from_json(text: str) -> tuple[Container, ...]:
    """The chain that `containers_to_json` wrote."""
    return tuple(Container(**item) for item in json.loads(text))


def variants_to_json(variants: Sequence[VariantRecord]) -> str:
    """The variants of an endpoint configuration, in order."""
    return to_json([_variant(variant) for variant in variants])


def variants_from_json(text: str) -> tuple[VariantRecord, ...]:
    """The variants that `variants_to_json` wrote."""
    return tuple(VariantRecord(**item) for item in json.loads(text))


def deployment_to_json(deployment: Deployment | None) -> str | None:
    """A deployment, or NULL for none."""
    if deployment is None:
        return None
    variants = [
        {
            **_variant(plan),
            "containers": [_container(container) for container in plan.containers],
            "direct": plan.direct,
            "config_name": plan.config_name,
        }
        for plan in deployment.variants
    ]
    asynchronous = None if deployment.asynchronous is None else asdict(deployment.asynchronous)
    return to_json({"config_name": deployment.config_name, "variants": variants, "asynchronous": asynchronous})


def deployment_from_json(text: str | None) -> Deployment | None:
    """The deployment that `deployment_to_json` wrote."""
    if text is None:
        return None
    value = json_object(text)
    asynchronous = value.get("asynchronous")  # what an earlier version wrote has none
    return Deployment(
        config_name=value["config_name"],
        variants=tuple(_plan(item) for item in value["variants"]),
        asynchronous=None if asynchronous is None else AsyncInference(**asynchronous),
    )


def stage_to_json(stage: Stage | None) -> str | None:
    """A deployment's stage, or NULL for none."""
    return None if stage is None else to_json(asdict(stage))


def stage_from_json(text: str | None) -> Stage | None:
    """The stage that `stage_to_json` wrote."""
    if text is None:
        return None
    value = json_object(text)
    return Stage(
        VariantStatus(value["status"]),
        value["at_s"],
        _shift(value["shift"]),
        # What an earlier version wrote has neither of these, nor `green` of a shift.
        _counts(value.get("blue")),
        _counts(value.get("green")),
    )


def _shift(item: Mapping[str, Any] | None) -> Shift | None:
    if item is None:
        return None
    return Shift(item["share"], item["wait_s"], Wait(item["wait"]), tuple(item.get("green", ())))


def _counts(counts: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if counts is None else tuple(counts)


def _container(container: Container) -> dict[str, object]:
    return {
        "name": container.name,
        "image": container.image,
        "model_data_url": container.model_data_url,
        "environment": dict(container.environment),
    }


def _variant(variant: VariantRecord | VariantPlan) -> dict[str, object]:
    return {
        "name": variant.name,
        "model_name": variant.model_name,
        "instance_type": variant.instance_type,
        "instance_count": variant.instance_count,
        "weight": variant.weight,
        "startup_timeout_s": variant.startup_timeout_s,
    }


def _plan(item: Mapping[str, Any]) -> VariantPlan:
    containers = tuple(Container(**container) for container in item["containers"])
    return VariantPlan(**{**item, "containers": containers})
