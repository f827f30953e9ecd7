"""What a run has left behind, asked of the local SageMaker as anybody would."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from tests.chaos.pipelines import BUCKET, old_config
from tests.chaos.plan import Candidate, Course
from tests.fakes.aws_server import client


@dataclass(frozen=True)
class Remains:
    """How many of each kind there are, and which way it ended. `live` is the config that production runs."""

    versions: int
    models: int
    jobs: int
    staging_endpoints: int
    production_endpoints: int
    evidence_documents: int
    approval: str
    live: str | None
    live_is_of_the_candidate: bool


def expected(course: Course, live: str | None) -> Remains:
    """What is right: one of each, for each candidate. What is refused leaves production as it was."""
    refused = course.candidate is Candidate.SLOW or not course.survives
    compared = course.candidate is Candidate.COMPARED
    candidates = 2 if compared else 1
    approved = "Approved, Rejected" if compared else "Approved"
    return Remains(
        versions=candidates,
        models=candidates,
        jobs=candidates if course.survives else 0,
        staging_endpoints=0 if compared else 1,
        production_endpoints=1,
        evidence_documents=1,
        approval="Rejected" if refused else approved,
        live=old_config(course) if refused else live,
        live_is_of_the_candidate=not refused,
    )


def remains(url: str, course: Course) -> Remains:
    """What there is of the course's pipeline now."""
    sagemaker, pipeline = client("sagemaker", url), course.pipeline
    own = {"NameContains": pipeline}
    packages = sagemaker.list_model_packages(ModelPackageGroupName=pipeline)["ModelPackageSummaryList"]
    models = [each["ModelName"] for each in sagemaker.list_models(**own)["Models"]]
    made = [name for name in models if name != old_config(course)]
    endpoints = [each["EndpointName"] for each in sagemaker.list_endpoints(**own)["Endpoints"]]
    evidence = client("s3", url).list_objects_v2(Bucket=BUCKET, Prefix=f"evidence/{pipeline}/")
    live = _live(sagemaker, pipeline) if pipeline in endpoints else None
    return Remains(
        versions=len(packages),
        models=len(made),
        jobs=len(sagemaker.list_inference_recommendations_jobs(**own)["InferenceRecommendationsJobs"]),
        staging_endpoints=sum(name.startswith(f"{pipeline}-staging") for name in endpoints),
        production_endpoints=endpoints.count(pipeline),
        evidence_documents=evidence.get("KeyCount", 0),
        approval=", ".join(sorted(each["ModelApprovalStatus"] for each in packages)),
        live=live,
        live_is_of_the_candidate=live is not None and _model_of(sagemaker, live) in made,
    )


def differences(found: Remains, right: Remains) -> str:
    """What is not as it should be, for a person; empty when everything is."""
    wrong = [
        f"{field.name} {getattr(found, field.name)!r} and not {getattr(right, field.name)!r}"
        for field in fields(Remains)
        if getattr(found, field.name) != getattr(right, field.name)
    ]
    return ", ".join(wrong)


def _live(sagemaker: Any, endpoint: str) -> str | None:
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    return str(described["EndpointConfigName"]) if described["EndpointStatus"] == "InService" else None


def _model_of(sagemaker: Any, config: str) -> str:
    described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    return str(described["ProductionVariants"][0]["ModelName"])
