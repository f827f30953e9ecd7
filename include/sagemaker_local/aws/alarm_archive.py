"""Keeps CloudWatch's alarms, with their states, in a file: an alarm that was acknowledged vouches for deployments.

Not kept over a restart: an alarm's history, and the datapoints of endpoints that it judges by. Its tags are among what
service_archive keeps.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moto.cloudwatch.models import cloudwatch_backends

from include.sagemaker_local.aws.alarm_records import alarm_from_json, alarm_to_json
from include.sagemaker_local.aws.whole_file import kept_or_undone, replace_file
from include.sagemaker_local.errors import HostError


class AlarmArchive:
    """One account's alarms in every region, in one file that is replaced as a whole. Safe from any thread."""

    def __init__(self, account_id: str, path: Path) -> None:
        self._account_id = account_id
        self._path = path
        self._lock = threading.RLock()
        self._kept = "{}"

    def load(self) -> None:
        """Puts what is in the file into moto. Raises HostError for a file that cannot be read or is not ours."""
        with self._lock:
            try:
                if self._path.exists():
                    self._kept = self._path.read_text(encoding="utf-8")
                    self._restore()
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
                raise HostError(f"cannot use the alarms in {self._path}: {error!r}; move the file away") from error

    @contextmanager
    def change(self) -> Iterator[None]:
        """What is done to moto's alarms inside is in the file by the end, or taken back. Raises OSError."""
        with self._lock, kept_or_undone(self.keep, self._restore):
            yield

    def keep(self) -> None:
        """Writes what moto holds, so that it survives a power cut. Raises OSError."""
        with self._lock:
            text = json.dumps(self._held())
            if text != self._kept:
                replace_file(self._path, text.encode())
                self._kept = text

    def _held(self) -> dict[str, list[dict[str, object]]]:
        regions = list(cloudwatch_backends[self._account_id].items())
        held = {region: [alarm_to_json(alarm) for alarm in list(one.alarms.values())] for region, one in regions}
        return {region: alarms for region, alarms in held.items() if alarms}

    def _restore(self) -> None:
        kept = json.loads(self._kept)
        backends = cloudwatch_backends[self._account_id]
        for region in {*kept, *backends}:
            alarms = [alarm_from_json(region, self._account_id, one) for one in kept.get(region, ())]
            backends[region].alarms = {alarm.name: alarm for alarm in alarms}
