"""What a promotion left behind, read through the AWS APIs as any stranger would: package, evidence, production."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from sluice.evidence.report import Evidence, read_evidence
from sluice.naming import EVIDENCE_SHA256, EVIDENCE_URI
from sluice.specs.pipeline import PipelineSpec

from include.demo.sample import Account


@dataclass(frozen=True, slots=True)
class Production:
    """The production endpoint as it is now: what it runs, and what it answers to one row."""

    config: str
    status: str
    answer: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The newest version of the pipeline's package, and the evidence that it carries."""

    package_arn: str
    approval: str
    evidence_uri: str
    document: bytes
    evidence: Evidence


def production(account: Account, spec: PipelineSpec, row: bytes) -> Production | None:
    """None when there is no production endpoint."""
    name = spec.production.endpoint
    try:
        endpoint = account.client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find endpoint" in error.response["Error"]["Message"]:
            return None
        raise
    answer = account.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, ContentType=spec.package.content_types[0], Accept=spec.package.response_types[0], Body=row
    )
    return Production(endpoint["EndpointConfigName"], endpoint["EndpointStatus"], answer["Body"].read().decode())


def judged(account: Account, spec: PipelineSpec) -> Judged | None:
    """None when there is no package version, or the newest carries no evidence."""
    sagemaker = account.client("sagemaker")
    versions = sagemaker.list_model_packages(
        ModelPackageGroupName=spec.package.group, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["ModelPackageSummaryList"]
    if not versions:
        return None
    package = sagemaker.describe_model_package(ModelPackageName=versions[0]["ModelPackageArn"])
    metadata = package.get("CustomerMetadataProperties", {})
    if EVIDENCE_URI not in metadata:
        return None
    uri = metadata[EVIDENCE_URI]
    document = _read(account, uri)
    return Judged(
        package["ModelPackageArn"],
        package["ModelApprovalStatus"],
        uri,
        document,
        read_evidence(document, uri, metadata[EVIDENCE_SHA256]),
    )


def load_test_under_way(account: Account) -> str:
    """What the running recommendation job is measuring, for a progress line; nothing when that cannot be told."""
    sagemaker = account.client("sagemaker")
    try:
        jobs = sagemaker.list_inference_recommendations_jobs(StatusEquals="IN_PROGRESS")["InferenceRecommendationsJobs"]
        steps = [
            step["InferenceBenchmark"]["EndpointConfiguration"]
            for job in jobs
            for step in sagemaker.list_inference_recommendations_job_steps(JobName=job["JobName"])["Steps"]
            if step["Status"] == "IN_PROGRESS"
        ]
    except (BotoCoreError, ClientError):
        return ""
    # The endpoints that the service makes for itself have long random names; their instance type says more.
    places = [
        step["InstanceType"] if step["EndpointName"].startswith("sm-epc-") else step["EndpointName"] for step in steps
    ]
    return "load on " + ", ".join(places) if places else ""


def _read(account: Account, uri: str) -> bytes:
    parts = urlsplit(uri)
    body: bytes = account.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
    return body


def readable(answer: str) -> str:
    """The endpoint's JSON answer on one line, as it came when it is not JSON."""
    try:
        return json.dumps(json.loads(answer))
    except ValueError:
        return answer.strip()
