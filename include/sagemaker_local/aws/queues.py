"""SQS in pieces: each queue's settings and each message by itself, so that a message costs no more in a long queue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.sqs.models import Message, Queue, sqs_backends

from include.sagemaker_local.aws.moto_values import from_json, to_json
from include.sagemaker_local.aws.service_store import Entry, Growth

# Messages have pieces of their own, and a queue's dead letters are found by the name in its RedrivePolicy.
_APART = frozenset(("_messages", "_pending_messages", "dead_letter_queue"))
# What a client may know of deleted messages, which moto never forgets, and functions that nothing is kept of.
_LEFT_OUT = frozenset(("deleted_messages", "lambda_event_source_mappings"))


class Queues:
    """One account's queues in every region, with their messages. See Holding."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def marks(self) -> Mapping[str, object]:
        """A queue's mark is its text; a message's is what changes of a message once it has been sent."""
        marks: dict[str, object] = {}
        for region, backend in list(sqs_backends[self._account_id].items()):
            for queue in list(backend.queues.values()):
                place = f"{region}/{queue.name}"
                marks[place] = _settings(queue)
                for one in list(queue._messages):
                    marks[f"{place}/{one.id}"] = (one.visible_at, one.approximate_receive_count, one.receipt_handle)
        return marks

    def piece(self, name: str) -> str:
        """A queue's settings, or a message."""
        region, queue_name, *message_id = name.split("/")
        queue = sqs_backends[self._account_id][region].queues[queue_name]
        if not message_id:
            return _settings(queue)
        return json.dumps(to_json(vars(next(one for one in queue._messages if one.id == message_id[0]))))

    def growth(self) -> Mapping[str, Growth]:
        """There are no journals."""
        return {}

    def grown(self) -> None:
        """There is nothing to note."""

    def restore(self, pieces: Mapping[str, str], journals: Iterable[tuple[str, Entry]]) -> None:
        """Messages come in the order in which they were sent; those under way may be deleted by their receipts."""
        backends = sqs_backends[self._account_id]
        for backend in backends.values():
            backend.reset()
        for name, text in sorted(pieces.items(), key=lambda item: item[0].count("/")):
            region, queue_name, *message_id = name.split("/")
            queues = backends[region].queues
            if not message_id:
                queues[queue_name] = _queue(text, region, self._account_id)
            else:
                _add(queues[queue_name], text)
        for backend in backends.values():
            for queue in backend.queues.values():
                queue.dead_letter_queue = _dead_letters(queue, backend.queues)


def _settings(queue: Queue) -> str:
    held = {name: value for name, value in vars(queue).items() if name not in _APART}
    return json.dumps(to_json(held, _LEFT_OUT))


def _queue(text: str, region: str, account_id: str) -> Queue:
    settings = from_json(json.loads(text))
    make: Any = Queue  # moto leaves methods of CloudFormation's undefined, which mypy calls abstract
    queue: Queue = make(settings["_name"], region, account_id, FifoQueue=settings["fifo_queue"])
    vars(queue).update(settings)
    return queue


def _add(queue: Queue, text: str) -> None:
    fields = from_json(json.loads(text))
    message = Message(fields["id"], fields["body"])
    vars(message).update(fields)
    queue._messages.append(message)
    if message.receipt_handle is not None:
        queue._pending_messages.add(message)


def _dead_letters(queue: Queue, queues: Mapping[str, Queue]) -> Queue | None:
    policy: Any = getattr(queue, "redrive_policy", None)
    name = policy["deadLetterTargetArn"].rpartition(":")[2] if policy else ""
    return queues.get(name)
