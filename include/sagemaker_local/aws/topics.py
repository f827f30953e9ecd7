"""Notifications to SNS topics, through the mount like any client's."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.http1.messages import Handler, Headers, Request

_MESSAGE = re.compile(rb"<Message>(.*?)</")


class MountedTopics:
    """Publishes to moto's SNS. Use it from the event loop."""

    def __init__(self, mount: Handler) -> None:
        self._mount = mount

    async def publish(self, topic_arn: str, message: str) -> None:
        """Raises ArtifactError, naming the topic, when SNS refuses it."""
        region = topic_arn.split(":")[3]
        # Well formed and worth nothing: the mount takes any credentials, and reads service and region from them.
        scope = f"AWS4-HMAC-SHA256 Credential=AKIALOCALSAGEMAKER/20260101/{region}/sns/aws4_request, "
        headers: Headers = [
            (b"host", f"sns.{region}.amazonaws.com".encode()),
            (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"),
            (b"authorization", f"{scope}SignedHeaders=host, Signature={'0' * 64}".encode()),
        ]
        form = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic_arn, "Message": message}
        response = await self._mount(Request(b"POST", b"/", headers, urlencode(form).encode()))
        if response.status >= 300:
            said = b": ".join(_MESSAGE.findall(response.body)).decode() or f"HTTP {response.status}"
            raise ArtifactError(f"nothing could be published to {topic_arn}: {said}")
