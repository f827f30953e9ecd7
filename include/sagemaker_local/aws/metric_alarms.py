"""Alarms on endpoints' metrics as moto keeps them. moto stores alarms and does not evaluate them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from include.sagemaker_local.autoscaling.tracking_alarms import MANAGED_PREFIX
from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.metrics.alarm import AlarmRule, AlarmState, Missing
from include.sagemaker_local.metrics.names import NAMESPACES
from include.sagemaker_local.metrics.series import Metric
from include.sagemaker_local.metrics.watching import Alarm

_log = logging.getLogger(__name__)


class MotoAlarmBook:
    """One account's alarms inside moto, in every region."""

    def __init__(self, account_id: str, archive: AlarmArchive) -> None:
        self._account_id = account_id
        self._archive = archive

    def alarms(self) -> Iterator[Alarm]:
        """The users' alarms that watch one metric of an endpoint; those of scaling policies are autoscaling's."""
        for region, backend in list(cloudwatch_backends[self._account_id].items()):
            for held in list(backend.alarms.values()):
                if held.rule is None and held.namespace in NAMESPACES and not held.name.startswith(MANAGED_PREFIX):
                    yield Alarm(region, rule_of(held), AlarmState(held.state_value))

    def set_state(self, alarm: Alarm, state: AlarmState, reason: str) -> None:
        """Gives the alarm a new state; does nothing when it was deleted meanwhile."""
        held = cloudwatch_backends[self._account_id][alarm.region].alarms.get(alarm.rule.name)
        if held is None:
            return
        held.update_state(reason, "{}", state.value)
        try:
            self._archive.keep()
        except OSError as error:  # a full disk must not keep an alarm from tripping
            _log.error("the state of alarm %s could not be written to disk: %s", alarm.rule.name, error)


def rule_of(held: Any) -> AlarmRule:
    """The alarm's rule; PutMetricAlarm has refused what has none."""
    dimensions = tuple(sorted((dimension.name, dimension.value) for dimension in held.dimensions))
    return AlarmRule(
        name=held.name,
        metric=Metric(held.namespace, held.metric_name, dimensions),
        unit=held.unit,
        statistic=held.statistic or held.extended_statistic,
        period_s=int(held.period),
        evaluation_periods=int(held.evaluation_periods),
        # Left out, all of them have to breach.
        datapoints_to_alarm=int(held.datapoints_to_alarm or held.evaluation_periods),
        comparison=held.comparison_operator,
        threshold=float(held.threshold),
        missing=Missing(held.treat_missing_data or Missing.MISSING),
    )
