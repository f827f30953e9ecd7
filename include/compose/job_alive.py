"""Health check: whether this container's scheduler, triggerer or DAG processor has sent a heartbeat lately.

    python -m include.compose.job_alive TriggererJob

The same question as `airflow jobs check --job-type TriggererJob --hostname $HOSTNAME`, without the four seconds of
processor time that importing Airflow takes, and that every ten seconds in three containers.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

# Airflow's own bound for all three: `[scheduler] scheduler_health_check_threshold`,
# `[triggerer] triggerer_health_check_threshold`, `[dag_processor] health_check_threshold`.
THRESHOLD_S = 30
# Airflow writes the host's canonical name (`[core] hostname_callable`), which may have a domain behind it.
QUERY = """
SELECT extract(epoch FROM now() - max(latest_heartbeat)) FROM job
WHERE job_type = %(job_type)s AND state = 'running' AND split_part(hostname, '.', 1) = %(host)s
"""


def verdict(job_type: str, age_s: float | None) -> str | None:
    """What is wrong with a job whose last heartbeat is `age_s` old; None when nothing is."""
    if age_s is None:
        return f"no {job_type} runs on {socket.gethostname()}"
    if age_s >= THRESHOLD_S:
        return f"the last heartbeat of {job_type} is {age_s:.0f} s old, {THRESHOLD_S} s is the limit"
    return None


def main() -> str | None:
    """See the module's text. What is wrong, for `sys.exit`."""
    import psycopg2  # in the image; elsewhere nobody asks

    job_type = sys.argv[1]
    url = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "", 1)
    connection: Any = psycopg2.connect(url, connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(QUERY, {"job_type": job_type, "host": socket.gethostname().partition(".")[0]})
            (age_s,) = cursor.fetchone()
    finally:
        connection.close()
    return verdict(job_type, None if age_s is None else float(age_s))


if __name__ == "__main__":
    sys.exit(main())
