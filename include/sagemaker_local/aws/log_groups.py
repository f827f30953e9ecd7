"""CloudWatch Logs in pieces: what a region has, each group, each stream; and a journal of each stream's events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.logs.models import LogEvent, LogGroup, LogStream, logs_backends

from include.sagemaker_local.aws.moto_values import from_json, to_json
from include.sagemaker_local.aws.service_store import Entry, Growth
from include.sagemaker_local.aws.tails import Tails

# Answers to queries and exports, which refer to groups and are over when they are asked for.
_LEFT_OUT = frozenset(("queries", "export_tasks"))


class LogGroups:
    """One account's log groups in every region, with their events. See Holding."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._tails: Tails[LogEvent] = Tails()

    def marks(self) -> Mapping[str, object]:
        """The mark of a group or stream is what requests change of it: there may be thousands."""
        marks: dict[str, object] = {}
        for region, backend in list(logs_backends[self._account_id].items()):
            marks[_name(region)] = _text(vars(backend), "groups")
            for group in list(backend.groups.values()):
                filters = [tuple(vars(one).values()) for one in list(group.subscription_filters.values())]
                marks[_name(region, group)] = (group.creation_time, group.retention_in_days, group.kms_key_id, filters)
        for name, stream in self._streams():
            marks[name] = (stream.creation_time, stream.upload_sequence_token, stream.stored_bytes)
        return marks

    def piece(self, name: str) -> str:
        """What a region has besides groups, a group without its streams, or a stream without its events."""
        region, *path = json.loads(name)
        backend = logs_backends[self._account_id][region]
        if not path:
            return _text(vars(backend), "groups")
        group = backend.groups[path[0]]
        if len(path) == 1:
            return _text(vars(group), "streams")
        return _text(vars(group.streams[path[1]]), "events", "log_group")

    def growth(self) -> Mapping[str, Growth]:
        """New events; in all there are as many on disk as moto holds."""
        held = {journal: list(stream.events) for journal, stream in self._streams()}
        new = self._tails.new(held)
        grown = {
            journal: Growth([_entry(event) for event in events], len(held[journal])) for journal, events in new.items()
        }
        return {**grown, **{journal: Growth(limit=0) for journal in self._tails.gone()}}

    def grown(self) -> None:
        """What `growth` gave is on disk."""
        self._tails.keep()

    def restore(self, pieces: Mapping[str, str], journals: Iterable[tuple[str, Entry]]) -> None:
        """Streams with their events, in the groups that they belong to."""
        backends = logs_backends[self._account_id]
        for backend in backends.values():
            backend.reset()
        by_path = [(json.loads(name), from_json(json.loads(text))) for name, text in pieces.items()]
        for path, attributes in sorted(by_path, key=lambda one: len(one[0])):
            self._make(attributes, *path)
        streams = dict(self._streams())
        for journal, entry in journals:
            streams[journal].events.append(_event(entry))
        self._tails.new({journal: stream.events for journal, stream in streams.items()})
        self._tails.keep()

    def _make(self, attributes: dict[str, Any], region: str, *path: str) -> None:
        made: Any = logs_backends[self._account_id][region]
        if path:
            make: Any = LogGroup  # moto leaves methods of CloudFormation's undefined, which mypy calls abstract
            name, *stream = path
            group = made.groups.setdefault(name, make(self._account_id, region, name))
            made = group.streams.setdefault(stream[0], LogStream(group, stream[0])) if stream else group
        vars(made).update(attributes)

    def _streams(self) -> Iterator[tuple[str, LogStream]]:
        for region, backend in list(logs_backends[self._account_id].items()):
            for group in list(backend.groups.values()):
                for stream in list(group.streams.values()):
                    yield _name(region, group, stream), stream


def _name(region: str, group: LogGroup | None = None, stream: LogStream | None = None) -> str:
    """Names of groups and streams may hold whatever would part them."""
    path = [region, *([group.name] if group else ()), *([stream.log_stream_name] if stream else ())]
    return json.dumps(path)


def _text(attributes: Mapping[str, Any], *apart: str) -> str:
    return json.dumps(to_json({name: one for name, one in attributes.items() if name not in apart}, _LEFT_OUT))


def _entry(event: LogEvent) -> Entry:
    return Entry(json.dumps([event.ingestion_time, event.timestamp, event.message]))


def _event(entry: Entry) -> LogEvent:
    ingestion_time, timestamp, message = json.loads(entry.value)
    return LogEvent(ingestion_time, {"timestamp": timestamp, "message": message})
