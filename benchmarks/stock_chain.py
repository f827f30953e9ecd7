"""A promotion made of the Amazon provider's own operators, with their defaults; what it has none for is Python.

There are no operators for recommendation jobs and for approving a version: a PythonOperator and a PythonSensor, which
looks every 60 s as sensors do, take their place. It checks less than Sluice's promotion: no artifacts beforehand, no
comparison of the live config, no sample row, no evidence.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
    SageMakerRegisterModelVersionOperator,
)
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import DAG, chain
from sluice.specs.container import ContainerSpec
from sluice.specs.pipeline import PipelineSpec

MAX_LATENCY_MS = 150


def stock_chain(spec: PipelineSpec) -> DAG:
    """The DAG `stock__<pipeline>`: what `promote__<pipeline>` does, as far as the stock operators go."""
    name = spec.pipeline
    first, *_ = spec.containers
    with DAG(f"stock__{name.replace('-', '_')}", schedule=None) as dag:
        chain(
            SageMakerRegisterModelVersionOperator(
                task_id="register",
                image_uri=first.image,
                model_url=str(first.model_data),
                package_group_name=name,
                extras=_package(spec),
            ),
            SageMakerModelOperator(
                task_id="model",
                config={
                    "ModelName": name,
                    "ExecutionRoleArn": spec.aws.role,
                    "Containers": [{"ModelPackageName": "{{ ti.xcom_pull(task_ids='register') }}"}],
                },
            ),
            *_deployment(name, spec.staging.endpoint, spec.staging.instance_type),
            PythonOperator(task_id="start_job", python_callable=_start_job, op_args=[name, spec]),
            PythonSensor(task_id="job", python_callable=_is_over, op_args=[name]),
            PythonOperator(task_id="judge", python_callable=_judge, op_args=[name]),
            PythonOperator(
                task_id="approve", python_callable=_approve, op_args=["{{ ti.xcom_pull(task_ids='register') }}"]
            ),
            *_deployment(name, spec.production.endpoint, spec.staging.instance_type),
        )
    return dag


def _deployment(name: str, endpoint: str, instance_type: str) -> tuple[Any, Any]:
    variant = {"VariantName": "v", "ModelName": name, "InstanceType": instance_type, "InitialInstanceCount": 1}
    return (
        SageMakerEndpointConfigOperator(
            task_id=f"config_{endpoint}", config={"EndpointConfigName": endpoint, "ProductionVariants": [variant]}
        ),
        SageMakerEndpointOperator(
            task_id=f"deploy_{endpoint}",
            config={"Endpoint": {"EndpointName": endpoint, "EndpointConfigName": endpoint}},
        ),
    )


def _package(spec: PipelineSpec) -> dict[str, Any]:
    package = spec.package
    return {
        "Domain": package.domain,
        "Task": package.task,
        "SamplePayloadUrl": package.sample_payload,
        "InferenceSpecification": {
            "Containers": [_container(spec, each) for each in spec.containers],
            "SupportedContentTypes": list(package.content_types),
            "SupportedResponseMIMETypes": list(package.response_types),
            "SupportedRealtimeInferenceInstanceTypes": list(spec.benchmark.instance_types),
        },
    }


def _container(spec: PipelineSpec, container: ContainerSpec) -> dict[str, Any]:
    framework, version = spec.framework_of(container)
    return {
        "ContainerHostname": container.hostname,
        "Image": container.image,
        "ModelDataUrl": container.model_data,
        "Environment": dict(container.environment),
        "Framework": framework,
        "FrameworkVersion": version,
    }


def _sagemaker() -> Any:
    hook: Any = SageMakerHook  # its constructor has no types
    return hook().conn


def _start_job(name: str, spec: PipelineSpec) -> None:
    sagemaker = _sagemaker()
    packages = sagemaker.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"]
    sagemaker.create_inference_recommendations_job(
        JobName=name,
        JobType="Default",
        RoleArn=spec.aws.role,
        InputConfig={
            "ModelPackageVersionArn": packages[0]["ModelPackageArn"],
            "Endpoints": [{"EndpointName": spec.staging.endpoint}],
        },
    )


def _is_over(name: str) -> bool:
    return _sagemaker().describe_inference_recommendations_job(JobName=name)["Status"] in ("COMPLETED", "FAILED")


def _judge(name: str) -> None:
    job = _sagemaker().describe_inference_recommendations_job(JobName=name)
    measured = job["EndpointPerformances"][0]["Metrics"]["ModelLatency"]
    if measured > MAX_LATENCY_MS:
        raise ValueError(f"{measured} ms is too slow")


def _approve(package_arn: str) -> None:
    _sagemaker().update_model_package(ModelPackageArn=package_arn, ModelApprovalStatus="Approved")
