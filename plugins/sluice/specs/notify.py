"""Who is told what, as a spec says it: channels by Airflow connection, each with the events that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check

CONNECTION = r"\S+"
CONNECTION_MAX = 200
TOPIC_ARN = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"
"""Names of topics: SNS's CreateTopic, "uppercase and lowercase ASCII letters, numbers, underscores, and hyphens"."""
ADDRESS = r"[^@\s,;]+@[^@\s,;]+"
RECIPIENTS_MAX = 50
"""Ours: a longer list of people belongs into the mail server."""


class Event(StrEnum):
    """What people can be told of."""

    PROMOTED = "promoted"
    REFUSED = "refused"
    FAILED = "failed"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    FINDING = "finding"
    ROLLED_BACK = "rolled_back"
    LATE = "late"


@dataclass(frozen=True, kw_only=True)
class SnsChannel:
    """A topic of Amazon SNS."""

    topic_arn: Annotated[str, Limit("ARN of the topic; its region is the one in it.", pattern=TOPIC_ARN)]
    connection: Annotated[
        str | None,
        Limit("Airflow connection; the spec's aws.connection when left out.", CONNECTION, CONNECTION_MAX),
    ] = None

    def __post_init__(self) -> None:
        check(self)

    def __str__(self) -> str:
        return self.topic_arn

    @property
    def region(self) -> str:
        """The region in the topic's ARN."""
        return self.topic_arn.split(":")[3]


@dataclass(frozen=True, kw_only=True)
class SlackChannel:
    """A channel of Slack."""

    channel: Annotated[str, Limit("Name or id of the channel, such as '#models'.", r"\S(.*\S)?", 80)]
    connection: Annotated[str, Limit("Airflow connection of type Slack API.", CONNECTION, CONNECTION_MAX)] = (
        "slack_api_default"
    )

    def __post_init__(self) -> None:
        check(self)

    def __str__(self) -> str:
        return f"Slack's {self.channel}"


@dataclass(frozen=True, kw_only=True)
class EmailChannel:
    """People with a mailbox."""

    to: Annotated[
        tuple[str, ...], Limit("Addresses.", pattern=ADDRESS, max_length=254, min_items=1, max_items=RECIPIENTS_MAX)
    ]
    connection: Annotated[
        str, Limit("Airflow connection of type SMTP, whose from_email is the sender.", CONNECTION, CONNECTION_MAX)
    ] = "smtp_default"

    def __post_init__(self) -> None:
        check(self)

    def __str__(self) -> str:
        return ", ".join(self.to)


@dataclass(frozen=True, kw_only=True)
class NotifySpec:
    """One channel, and the events that it is for."""

    on: Annotated[tuple[Event, ...], Limit("Events to tell; all when left out.", min_items=1)] = tuple(Event)
    sns: Annotated[SnsChannel | None, Limit("Tell a topic of Amazon SNS.")] = None
    slack: Annotated[SlackChannel | None, Limit("Tell a channel of Slack.")] = None
    email: Annotated[EmailChannel | None, Limit("Tell people by e-mail.")] = None

    def __post_init__(self) -> None:
        check(self)
        if len(self._channels) != 1:
            raise SpecError("", "needs exactly one of sns, slack and email; more channels are more entries")

    @property
    def channel(self) -> SnsChannel | SlackChannel | EmailChannel:
        """The one that is given."""
        return self._channels[0]

    @property
    def _channels(self) -> list[SnsChannel | SlackChannel | EmailChannel]:
        return [each for each in (self.sns, self.slack, self.email) if each is not None]
