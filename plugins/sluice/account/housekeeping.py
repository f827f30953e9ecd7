"""Which of the things that Sluice has made nobody uses any more. Nothing here calls anything.

Names come from content, so each version of a pipeline leaves a model and two endpoint configs behind. Recommendation
and transform jobs stay for ever: AWS deletes none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sluice.naming import CONTENT, PIPELINE, STAGE
from sluice.specs.pipeline import Stage


class Kind(StrEnum):
    """What is looked at, in the order in which it is deleted: each uses what comes after it."""

    ENDPOINT = "endpoint"
    CONFIG = "endpoint config"
    MODEL = "model"


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One endpoint, endpoint config or model of the account. `touched` is when it was made or, later, changed."""

    kind: Kind
    name: str
    arn: str
    touched: datetime
    tags: Mapping[str, str]

    @property
    def pipeline(self) -> str | None:
        """The pipeline that it was made for; None when Sluice did not make it."""
        return self.tags.get(PIPELINE)

    @property
    def is_disposable(self) -> bool:
        """Sluice makes it anew from the same content: a config, a model, or a staging endpoint."""
        if self.pipeline is None:
            return False
        stage = self.tags.get(STAGE)
        return stage == Stage.STAGING.value if self.kind is Kind.ENDPOINT else CONTENT in self.tags


@dataclass(frozen=True, kw_only=True)
class Uses:
    """What must stay: names of endpoints that a job loads, of configs and models that an endpoint runs, and of models
    of Approved versions, to which a rollback may go.
    """

    endpoints: Collection[str]
    configs: Collection[str]
    models: Collection[str]
    approved_models: Collection[str]
    models_of: Mapping[str, Collection[str]]
    """Config -> its models, for each config that Sluice has made."""


def unused(things: Iterable[Thing], uses: Uses, older_than: timedelta, now: datetime) -> tuple[Thing, ...]:
    """What nobody uses and nobody has touched for `older_than`, in the order in which it can be deleted.

    A model stays as long as a config that stays names it.
    """
    old = [each for each in things if each.is_disposable and now - each.touched >= older_than]
    endpoints = [each for each in old if each.kind is Kind.ENDPOINT and each.name not in uses.endpoints]
    configs = [each for each in old if each.kind is Kind.CONFIG and not _is_needed(each, uses)]
    going = {each.name for each in configs}
    named = {model for config, models in uses.models_of.items() if config not in going for model in models}
    needed = {*uses.models, *uses.approved_models, *named}
    models = [each for each in old if each.kind is Kind.MODEL and each.name not in needed]
    return (*_by_age(endpoints), *_by_age(configs), *_by_age(models))


def _is_needed(config: Thing, uses: Uses) -> bool:
    """An endpoint runs it, or a rollback to its Approved version would."""
    if config.name in uses.configs:
        return True
    is_target = config.tags.get(STAGE) != Stage.STAGING.value
    return is_target and any(model in uses.approved_models for model in uses.models_of.get(config.name, ()))


def _by_age(things: Iterable[Thing]) -> list[Thing]:
    return sorted(things, key=lambda each: (each.touched, each.name))


def as_table(things: Iterable[Thing], now: datetime) -> str:
    """Markdown with one row a thing."""
    rows = [f"| {each.kind.value} | {each.name} | {each.pipeline} | {(now - each.touched).days} |" for each in things]
    return "\n".join(("| kind | name | pipeline | days |", "|---|---|---|---|", *rows))


def models_in(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The models that DescribeEndpointConfig's answer names, shadow variants included."""
    variants = [*config.get("ProductionVariants", ()), *config.get("ShadowProductionVariants", ())]
    return tuple(str(each["ModelName"]) for each in variants if "ModelName" in each)


def configs_of(endpoint: Mapping[str, Any]) -> tuple[str, ...]:
    """The configs that DescribeEndpoint's answer names: what is live, and what a deployment is bringing."""
    pending = (endpoint.get("PendingDeploymentSummary") or {}).get("EndpointConfigName")
    return tuple(str(each) for each in (endpoint.get("EndpointConfigName"), pending) if each)
