"""What a recommendation job tells its user while it runs: the log streams that Inference Recommender has.

`<job>/execution` is about the job: which tests were scheduled, which were not and why, how it ended.
`<job>/Endpoint/<endpoint>` is about one test. Groups and streams are AWS's (developer guide, "Troubleshoot Inference
Recommender errors"); the lines themselves are ours, since AWS publishes none.
"""

from __future__ import annotations

import asyncio
import logging

from include.sagemaker_local.supervisor.logs import LogSink

logger = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/InferenceRecommendationsJobs"


class Journal:
    """The streams of one job. Whatever is written is in the server's own log as well."""

    def __init__(self, sink: LogSink, region: str, job_name: str) -> None:
        self._sink = sink
        self._region = region
        self._job_name = job_name

    async def job(self, line: str) -> None:
        """A line about the whole job."""
        await self._write("execution", line)

    async def test(self, endpoint_name: str, line: str) -> None:
        """A line about the test of one endpoint, the job's existing one or one that the job has made."""
        await self._write(f"Endpoint/{endpoint_name}", line)

    def job_at_once(self, line: str) -> None:
        """As `job`, for those who cannot wait; it may block for milliseconds."""
        self._publish("execution", line)

    async def _write(self, stream: str, line: str) -> None:
        await asyncio.to_thread(self._publish, stream, line)

    def _publish(self, stream: str, line: str) -> None:
        logger.info("job %s: %s", self._job_name, line)
        try:
            self._sink.publish(self._region, LOG_GROUP, f"{self._job_name}/{stream}", line.splitlines())
        except Exception:  # a measurement is worth more than a line about it
            logger.exception("job %s: a log line could not be written", self._job_name)
