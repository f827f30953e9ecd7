"""CloudWatch Logs in pieces: what a region has, each group, each stream; and a journal of each stream's events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from moto.logs.models import LogEvent, LogGroup, LogStream, logs_backends

from include.sagemaker_local.aws.moto_values import from_json, to_json
from include.sagemaker_local.aws.service_store import Entry, Growth
from include.sagemaker_local.aws.tails import Tails

# Answers to queries and exports, which refer to groups and are over when they are asked for.
_LEFT_OUT = frozenset(("queries", "export_tasks"))
# The groups that lines of containers come into. On AWS they stay for ever; here each start reads them into memory, in
# less than a second for as many as this.
CONTAINERS = "/aws/sagemaker/"
MAX_CONTAINER_LINES = 50_000


class LogPlace(NamedTuple):
    """A stream by its names."""

    region: str
    group: str
    stream: str


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
            marks.update((_name(region, group), _group_mark(group)) for group in list(backend.groups.values()))
        return {**marks, **{name: _stream_mark(stream) for name, stream in self._streams()}}

    def marks_of(self, place: LogPlace) -> Mapping[str, object]:
        """Those of one stream and its group."""
        group, stream = self._find(place)
        return {
            _name(place.region, group): _group_mark(group),
            _name(place.region, group, stream): _stream_mark(stream),
        }

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
        held = {journal: stream.events for journal, stream in self._streams()}
        return {**_growth(self._tails.new(held), held), **{gone: Growth(limit=0) for gone in self._tails.gone()}}

    def growth_of(self, place: LogPlace) -> Mapping[str, Growth]:
        """That of one stream; `grown` then tells of this one only."""
        group, stream = self._find(place)
        held = {_name(place.region, group, stream): stream.events}
        return _growth(self._tails.new(held, all_of_them=False), held)

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
        for stream in streams.values():
            if not stream.events and stream.log_group.name.startswith(CONTAINERS):
                del stream.log_group.streams[stream.log_stream_name]  # its lines were too many or too old
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

    def _find(self, place: LogPlace) -> tuple[LogGroup, LogStream]:
        group = logs_backends[self._account_id][place.region].groups[place.group]
        return group, group.streams[place.stream]

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


def _group_mark(group: LogGroup) -> object:
    filters = [tuple(vars(one).values()) for one in list(group.subscription_filters.values())]
    return group.creation_time, group.retention_in_days, group.kms_key_id, filters


def _stream_mark(stream: LogStream) -> object:
    return stream.creation_time, stream.upload_sequence_token, stream.stored_bytes


def _growth(new: Mapping[str, Sequence[LogEvent]], held: Mapping[str, Sequence[LogEvent]]) -> dict[str, Growth]:
    return {journal: Growth([_entry(one) for one in events], len(held[journal])) for journal, events in new.items()}


def _entry(event: LogEvent) -> Entry:
    return Entry(json.dumps([event.ingestion_time, event.timestamp, event.message]))


def _event(entry: Entry) -> LogEvent:
    ingestion_time, timestamp, message = json.loads(entry.value)
    return LogEvent(ingestion_time, {"timestamp": timestamp, "message": message})
