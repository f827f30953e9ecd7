"""The SageMaker Python SDK's Inference Recommender, unmodified: right_size, and deploying what it recommends."""

from __future__ import annotations

import io
import re
import tarfile
from typing import Any

import pytest
from sagemaker.deserializers import JSONDeserializer
from sagemaker.inference_recommender.inference_recommender_mixin import ModelLatencyThreshold, Phase
from sagemaker.model import Model, ModelPackage
from sagemaker.parameter import CategoricalParameter
from sagemaker.pipeline import PipelineModel
from sagemaker.predictor import Predictor
from sagemaker.serializers import JSONSerializer

from tests.sdk.conftest import BUCKET, ROLE

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
AS_JSON = {"serializer": JSONSerializer(), "deserializer": JSONDeserializer()}
# What the SDK itself asks of a recommendation's id, before it asks the server.
SDK_ID = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}\/\w{8}$")


@pytest.fixture
def payload(session: Any) -> str:
    """Where the sample requests are."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, body in (("a.json", b"[1, 2]"), ("b.json", b"[3]")):
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    session.boto_session.client("s3").put_object(Bucket=BUCKET, Key="payload.tar.gz", Body=packed.getvalue())
    return f"s3://{BUCKET}/payload.tar.gz"


def adding(session: Any, model_data: str, number: int, name: str | None = None) -> Model:
    return Model(
        image_uri=IMAGE,
        model_data=model_data,
        role=ROLE,
        name=name,
        env={"SAGEMAKER_PROGRAM": "inference.py", "ADD": str(number)},
        sagemaker_session=session,
        predictor_cls=Predictor,
    )


def test_a_model_is_right_sized_and_its_recommendation_deployed(session: Any, model_data: str, payload: str) -> None:
    model = adding(session, model_data, 10, "right-sized")
    sized = model.right_size(
        sample_payload_url=payload,
        supported_content_types=["application/json"],
        supported_instance_types=["ml.c5.large"],
        framework="SAGEMAKER-SCIKIT-LEARN",
        job_name="sized",
        log_level="Quiet",
    )
    (recommendation,) = sized.inference_recommendations
    assert recommendation["EndpointConfiguration"]["InstanceType"] == "ml.c5.large"
    assert recommendation["Metrics"]["MaxInvocations"] > 0
    recommendation_id = recommendation["RecommendationId"]
    assert SDK_ID.match(recommendation_id)

    same = adding(session, model_data, 10)
    predictor = same.deploy(inference_recommendation_id=recommendation_id, endpoint_name="sized", **AS_JSON)
    assert predictor.predict([1, 2]) == [11.0, 12.0]
    scaling = session.sagemaker_client.get_scaling_configuration_recommendation(
        InferenceRecommendationsJobName="sized", RecommendationId=recommendation_id
    )
    assert scaling["DynamicScalingConfiguration"]["MinCapacity"] == 1
    predictor.delete_model()
    predictor.delete_endpoint()


def test_a_registered_pipeline_is_right_sized(session: Any, model_data: str, payload: str) -> None:
    models = [adding(session, model_data, number) for number in (1, 10)]
    registered = PipelineModel(models=models, role=ROLE, name="sized-pipeline", sagemaker_session=session).register(
        content_types=["application/json"],
        response_types=["application/json"],
        inference_instances=["ml.c5.large"],
        model_package_group_name="sized",
        domain="MACHINE_LEARNING",
        task="REGRESSION",
    )
    package = ModelPackage(role=ROLE, model_package_arn=registered.model_package_arn, sagemaker_session=session)
    sized = package.right_size(
        sample_payload_url=payload,
        supported_content_types=["application/json"],
        framework="OTHER",
        log_level="Quiet",
    )
    assert [one["EndpointConfiguration"]["InstanceType"] for one in sized.inference_recommendations] == ["ml.c5.large"]
    jobs = session.sagemaker_client.list_inference_recommendations_jobs(
        ModelPackageVersionArnEquals=registered.model_package_arn
    )["InferenceRecommendationsJobs"]
    assert [(job["Status"], job["SamplePayloadUrl"]) for job in jobs] == [("COMPLETED", payload)]
    tags = session.sagemaker_client.list_tags(ResourceArn=jobs[0]["JobArn"])["Tags"]
    assert tags == [{"Key": "ClientType", "Value": "PythonSDK-RightSize"}]


def test_a_load_test_tells_what_it_does_and_stops_at_what_was_wanted(
    session: Any, model_data: str, payload: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One step of the phase, 20 s of one user, is enough for one invocation a minute."""
    sized = adding(session, model_data, 10, "loaded").right_size(
        sample_payload_url=payload,
        supported_content_types=["application/json"],
        framework="SAGEMAKER-SCIKIT-LEARN",
        job_name="loaded",
        job_duration_in_seconds=600,
        hyperparameter_ranges=[
            {
                "instance_types": CategoricalParameter(["ml.c5.large"]),
                "OMP_NUM_THREADS": CategoricalParameter(["1", "2"]),
            }
        ],
        phases=[Phase(duration_in_seconds=120, initial_number_of_users=1, spawn_rate=3)],
        traffic_type="PHASES",
        max_invocations=1,
        model_latency_thresholds=[ModelLatencyThreshold(percentile="P95", value_in_milliseconds=10_000)],
        max_tests=1,
        max_parallel_tests=1,
        log_level="Verbose",
    )
    (recommendation,) = sized.inference_recommendations
    assert recommendation["EndpointConfiguration"]["InitialInstanceCount"] == 1
    assert recommendation["ModelConfiguration"]["EnvironmentParameters"] == [
        {"Key": "OMP_NUM_THREADS", "ValueType": "string", "Value": "1"}
    ]
    printed = capsys.readouterr().out
    assert "Retrieved logStream: loaded/execution from logGroup: /aws/sagemaker/InferenceRecommendationsJobs" in printed
    assert "not scheduled: ml.c5.large OMP_NUM_THREADS=2" in printed
    # The SDK does not print what is logged between its last look at the log and the job's end.
    events = session.boto_session.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/InferenceRecommendationsJobs", logStreamName="loaded/execution"
    )["events"]
    assert events[-1]["message"] == "The job is complete."
