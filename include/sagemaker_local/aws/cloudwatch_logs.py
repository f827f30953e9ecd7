"""moto's CloudWatch Logs, reading as `aws logs tail` needs it: moto leaves some members of FilterLogEvents unread."""

from __future__ import annotations

import json
from typing import Any

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.responses import LogsResponse

# Terms that mean something else than to be found. moto does not know them.
_OPERATORS = ("{", "[", "%", "?", "-")


class Logs(LogsResponse):
    """One request. moto calls the method that is called like the operation."""

    def filter_log_events(self) -> str:
        """As moto, and with logStreamNamePrefix and logGroupIdentifier. Refuses filter patterns that moto lacks."""
        group = self._get_param("logGroupName") or _name(self._get_param("logGroupIdentifier") or "")
        pattern = self._get_param("filterPattern")
        if pattern and not _is_text(pattern):
            raise InvalidParameterException(
                f'The local SageMaker has no filter pattern like {pattern!r}, only words and "quoted phrases".'
            )
        names = self._streams(group)
        events: list[dict[str, Any]] = []
        searched: list[dict[str, Any]] = []
        token = None
        if names != []:
            events, token, searched = self.logs_backend.filter_log_events(
                group,
                names or [],
                self._get_param("startTime"),
                self._get_param("endTime"),
                self._get_param("limit"),
                self._get_param("nextToken"),
                pattern,
                self._get_param("interleaved", False),
            )
        answer: dict[str, Any] = {"events": events, "searchedLogStreams": searched}
        return json.dumps(answer if token is None else {**answer, "nextToken": token})

    def _streams(self, group: str) -> list[str] | None:
        """The streams to look at; None for all, an empty list when the prefix has none."""
        names, prefix = self._get_param("logStreamNames"), self._get_param("logStreamNamePrefix")
        if prefix is None:
            return names or None
        if names:
            raise InvalidParameterException("logStreamNames and logStreamNamePrefix cannot be given together.")
        held = self.logs_backend.groups.get(group)
        if held is None:
            raise ResourceNotFoundException
        return [name for name in list(held.streams) if name.startswith(prefix)]


def _is_text(pattern: str) -> bool:
    """Whether moto reads the pattern as CloudWatch does. It lets every event pass for what begins otherwise."""
    return (pattern[0].isalpha() or pattern[0] == '"') and not any(
        term.startswith(_OPERATORS) for term in pattern.split()
    )


def _name(identifier: str) -> str:
    """The log group's name from its name or its ARN."""
    return identifier.rpartition(":log-group:")[2].removesuffix(":*")
