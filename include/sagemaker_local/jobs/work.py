"""A recommendation job that is under way: what it was asked for, resolved once for all its tests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.jobs.invocations import Sample, sample_of
from include.sagemaker_local.jobs.journal import Journal
from include.sagemaker_local.jobs.request import JobRequest, parse_request
from include.sagemaker_local.jobs.subject import Subject, subject_of_model, subject_of_package
from include.sagemaker_local.jobs.tools import Tools
from include.sagemaker_local.load.course import Ramp
from include.sagemaker_local.load.payload import read_payloads
from include.sagemaker_local.store.records import RecommendationJobRecord


@dataclass(frozen=True, slots=True)
class JobWork:
    """One job. `journal` is where its user reads what it does."""

    region: str
    name: str
    request: JobRequest
    subject: Subject
    sample: Sample
    journal: Journal


async def resolve(record: RecommendationJobRecord, journal: Journal, tools: Tools) -> JobWork:
    """What the job is about. Raises ApiError or ArtifactError when something that it names is not there or no good."""
    request = parse_request(record.accepted)
    subject = _subject(record.region, request, tools)
    archive = tools.objects.read(subject.sample_payload_url)
    payloads = await asyncio.to_thread(  # unpacking a large archive would hold up every request meanwhile
        read_payloads, archive, subject.sample_payload_url, tools.settings.max_invoke_body_bytes
    )
    course = request.traffic or Ramp(tools.settings.load_stage_s)
    sample = sample_of(subject, payloads, (course, request.rules), record.region)
    return JobWork(record.region, record.name, request, subject, sample, journal)


def _subject(region: str, request: JobRequest, tools: Tools) -> Subject:
    if request.package_arn is not None:
        package = tools.store.model_package(region, request.package_arn)
        if package is None:
            raise ApiError("ValidationException", f"ModelPackage {request.package_arn} does not exist.")
        return subject_of_package(package, request)
    model = tools.store.model(region, request.model_name or "")
    if model is None:
        raise ApiError("ValidationException", f"Could not find model {request.model_name!r}.")
    return subject_of_model(model, request)
