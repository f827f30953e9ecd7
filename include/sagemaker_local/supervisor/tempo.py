"""How often the supervisor looks and how long it hesitates; in one place, so that tests can be quick."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tempo:
    """Intervals in seconds. None of them is a limit that AWS publishes: those are in Settings."""

    # Between two /ping attempts: short enough not to be felt, long enough to leave the cores to what is starting.
    ping_interval_s: float = 0.1
    # After the first container of a fleet has failed, the others get this long to pass, so that the failure names the
    # ones at fault and not those that were still importing their libraries.
    settle_s: float = 5.0
    # Between two looks at the processes of a fleet in service.
    watch_interval_s: float = 0.5
    # A container that died is started again after the first, then twice as long each time up to the last.
    restart_delay_s: float = 1.0
    max_restart_delay_s: float = 60.0
    # One that has lived this long is no longer counted as crashing in a loop.
    stable_after_s: float = 60.0
    # Between two looks at the alarms of a deployment, in seconds of its own clock, which --time-scale makes faster.
    # CloudWatch evaluates once a minute; this is what a person waits who has set an alarm's state.
    alarm_interval_s: float = 1.0
    # Between two attempts to write down what happened to an endpoint, while the disk is full.
    disk_retry_s: float = 1.0
    # Between two looks at the log files.
    log_interval_s: float = 1.0
