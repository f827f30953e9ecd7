"""AWS that has too much to do: which calls of a run it refuses, and in what words. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""

EVERY = 10
BURSTS: Mapping[str, int] = {"CreateEndpoint": 5, "InvokeEndpoint": 1}
"""The first calls of an operation, as many as its client makes before the task fails: botocore tries five times, and a
sample row is sent once."""

_S3 = frozenset({"GetObject", "PutObject", "HEAD", "DELETE"})


@dataclass
class Throttle:
    """Refuses every tenth call of a run, whoever makes it, and with `bursts` also what botocore alone cannot help."""

    bursts: bool
    calls: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def refuses(self, operation: str) -> bool:
        """Counts the call."""
        self.calls += 1
        refused = self.calls % EVERY == 0 or (self.bursts and self.refused[operation] < BURSTS.get(operation, 0))
        self.refused[operation] += refused
        return refused

    def __str__(self) -> str:
        return f"{self.refused.total()} of {self.calls} calls refused"


def refusal(operation: str) -> Answer:
    """What AWS answers: SageMaker, its Runtime (which gives no message) and S3 have words of their own."""
    if operation in _S3:  # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
        told = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        return 503, [("Content-Type", "application/xml")], told.encode()
    if operation == "InvokeEndpoint":
        headers = [("Content-Type", "application/json"), ("x-amzn-errortype", "ThrottlingException")]
        return 400, headers, b'{"message":null}'
    told = '{"__type":"ThrottlingException","message":"Rate exceeded"}'
    return 400, [("Content-Type", "application/x-amz-json-1.1")], told.encode()
