"""Refusals in the words of AWS, which the SDK, Airflow and others search for."""

from __future__ import annotations

from include.sagemaker_local.errors import ApiError

DIRECT = "its containers are invoked directly"
"""Why a model with InferenceExecutionConfig.Mode Direct cannot be what a job runs."""


def invalid(message: str) -> ApiError:
    """The request cannot be carried out as it is."""
    return ApiError("ValidationException", message)


def could_not_find(noun: str, arn: str) -> ApiError:
    """A model, endpoint configuration or endpoint that is not there."""
    return invalid(f'Could not find {noun} "{arn}".')


def already_exists(noun: str, arn: str) -> ApiError:
    """A name that is taken by a model, endpoint configuration or endpoint."""
    return invalid(f'Cannot create already existing {noun} "{arn}".')


def does_not_exist(noun: str, arn: str) -> ApiError:
    """A model package or group that is not there."""
    return invalid(f"{noun} {arn} does not exist.")
