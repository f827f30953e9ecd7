"""CloudWatch in pieces: dashboards, rules and tags of each region; and a journal of the datapoints that users put.

Alarms have a file of their own (alarm_archive), and endpoints' metrics are not moto's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from moto.cloudwatch.models import MetricAggregatedDatum, MetricDatum, MetricDatumBase, cloudwatch_backends
from moto.core.utils import utcnow

from include.sagemaker_local.aws.moto_values import from_json, to_json
from include.sagemaker_local.aws.service_store import Entry, Growth
from include.sagemaker_local.aws.tails import Tails

_APART = frozenset(("alarms", "metric_data", "paged_metric_data"))
# "Data points with a period of 60 seconds (1 minute) are available for 15 days" (CloudWatch's user guide). It keeps
# sums of older ones for longer; here they are dropped when the server starts.
KEPT = timedelta(days=15)


class CloudWatchMemory:
    """What moto holds of one account's CloudWatch besides alarms. See Holding."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._pieces: dict[str, str] = {}
        self._tails: Tails[MetricDatumBase] = Tails()
        self._entries: Counter[str] = Counter()  # on disk, by region
        self._coming: Mapping[str, int] = {}

    def marks(self) -> Mapping[str, str]:
        """The pieces themselves, by region."""
        held = [(region, vars(backend)) for region, backend in list(cloudwatch_backends[self._account_id].items())]
        self._pieces = {
            region: json.dumps(to_json({name: one for name, one in attributes.items() if name not in _APART}))
            for region, attributes in held
        }
        return self._pieces

    def piece(self, name: str) -> str:
        """The region's backend as it was when `marks` was called."""
        return self._pieces[name]

    def growth(self) -> Mapping[str, Growth]:
        """New datapoints, by region."""
        new = {region: _entries(data) for region, data in self._tails.new(self._datapoints()).items()}
        self._coming = {region: len(entries) for region, entries in new.items()}
        grown = {region: Growth(entries, self._entries[region] + len(entries)) for region, entries in new.items()}
        return {**grown, **{region: Growth(limit=0) for region in self._tails.gone()}}

    def grown(self) -> None:
        """What `growth` gave is on disk."""
        self._tails.keep()
        self._entries.update(self._coming)

    def restore(self, pieces: Mapping[str, str], journals: Iterable[tuple[str, Entry]]) -> None:
        """Leaves alarms as they are."""
        backends = cloudwatch_backends[self._account_id]
        for region in {*pieces, *backends}:
            backend = backends[region]
            alarms = backend.alarms
            backend.reset()
            vars(backend).update(from_json(json.loads(pieces.get(region, "[]"))), alarms=alarms)
        oldest, self._entries = utcnow() - KEPT, Counter()
        for region, entry in journals:
            datum = _datum(entry)
            # Only from the journal's beginning: what is on disk is always its newest entries, as many as are here.
            if self._entries[region] or datum.timestamp.replace(tzinfo=None) >= oldest:
                backends[region].metric_data.extend([datum] * entry.times)
                self._entries[region] += 1
        self._tails.new(self._datapoints())
        self._tails.keep()

    def _datapoints(self) -> dict[str, list[MetricDatumBase]]:
        return {region: one.metric_data for region, one in list(cloudwatch_backends[self._account_id].items())}


def _entries(data: Sequence[MetricDatumBase]) -> list[Entry]:
    """moto unrolls a value and its count, which may be a million, into as many datapoints."""
    return [Entry(text, len(list(same))) for text, same in groupby(map(_text, data))]


def _text(datum: MetricDatumBase) -> str:
    held = dict(vars(datum))
    held["timestamp"] = held["timestamp"].isoformat()
    held["dimensions"] = [{"Name": one.name, "Value": one.value} for one in held["dimensions"]]
    return json.dumps(held)


def _datum(entry: Entry) -> MetricDatumBase:
    held = json.loads(entry.value)
    held["timestamp"] = datetime.fromisoformat(held["timestamp"])
    if "value" in held:
        return MetricDatum(**held)
    for name in ("min", "max", "sum"):
        held[f"{name}_stat"] = held.pop(name)
    return MetricAggregatedDatum(**held)
