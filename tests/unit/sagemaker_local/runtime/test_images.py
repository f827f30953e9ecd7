"""Image URIs: the repository decides, the registry does not."""

from __future__ import annotations

import pytest

from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.runtime.images import Framework, framework_image

ECR = "683313688378.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("image", "framework", "version"),
    [
        (f"{ECR}/sagemaker-scikit-learn:1.4-2-cpu-py3", Framework.SKLEARN, "1.4-2"),
        (f"{ECR}/sagemaker-scikit-learn:1.2-1", Framework.SKLEARN, "1.2-1"),
        (f"{ECR}/sagemaker-xgboost:1.7-1", Framework.XGBOOST, "1.7-1"),
        ("localhost:5000/mirror/sagemaker-xgboost:3.0-5", Framework.XGBOOST, "3.0-5"),
        (f"{ECR}/sagemaker-sparkml-serving:3.3", Framework.SPARKML, "3.3"),
        ("382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1", Framework.LINEAR_LEARNER, ""),
        ("sagemaker-xgboost", Framework.XGBOOST, ""),
        ("sagemaker-xgboost:latest", Framework.XGBOOST, ""),
        (f"{ECR}/sagemaker-xgboost@sha256:0123", Framework.XGBOOST, ""),
        (f"{ECR}/sagemaker-xgboost:1.7-1@sha256:0123", Framework.XGBOOST, "1.7-1"),
    ],
)
def test_known_images(image: str, framework: Framework, version: str) -> None:
    known = framework_image(image, container="predict")
    assert (known.framework, known.version) == (framework, version)


@pytest.mark.parametrize("image", [f"{ECR}/xgboost:1", "nginx", "my/sagemaker-scikit-learn-fork:1.4-2", ""])
def test_other_images_are_named_with_what_would_work(image: str) -> None:
    with pytest.raises(ContainerError) as refused:
        framework_image(image, container="predict")
    text = str(refused.value)
    assert refused.value.container == "predict"
    assert repr(image) in text
    assert "sagemaker-scikit-learn, sagemaker-xgboost, sagemaker-sparkml-serving, linear-learner" in text
