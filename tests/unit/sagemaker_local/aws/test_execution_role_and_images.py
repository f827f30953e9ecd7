"""What a run needs and does not make: the role is there, and so are the images that could be started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.runtime.selection import runs_here
from include.sagemaker_local.settings import RuntimeName, Settings
from tests.fakes.aws_server import aws_server, client

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


def test_the_account_has_a_role_for_sagemaker_once_and_whatever_became_of_it(tmp_path: Path) -> None:
    with aws_server(tmp_path, with_role=True) as url:
        role = client("iam", url).get_role(RoleName="sluice")["Role"]
        assert role["Arn"] == "arn:aws:iam::123456789012:role/sluice"
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
        with pytest.raises(ClientError, match="NoSuchEntity"):
            client("iam", url).get_role(RoleName="another")
        client("iam", url).create_role(RoleName="another", AssumeRolePolicyDocument="{}")
    with aws_server(tmp_path, with_role=True) as url:
        kept = {each["RoleName"]: each["RoleId"] for each in client("iam", url).list_roles()["Roles"]}
        assert set(kept) == {"sluice", "another"} and kept["sluice"] == role["RoleId"]


def ask(url: str, repository: str, *tags: str, **more: str) -> Any:
    ids = [{"imageTag": tag} for tag in tags]
    return client("ecr", url).batch_get_image(repositoryName=repository, imageIds=ids, **more)


def test_ecr_has_what_could_be_started_in_any_registry_and_else_what_was_put_there(tmp_path: Path) -> None:
    with aws_server(tmp_path, runs={SKLEARN}.__contains__) as url:
        of_aws = {"registryId": "683313688378"}
        answer = ask(url, "sagemaker-scikit-learn", "1.4-2-cpu-py3", "9", **of_aws)
        assert [each["imageId"] for each in answer["images"]] == [{"imageTag": "1.4-2-cpu-py3"}]
        assert [each["failureCode"] for each in answer["failures"]] == ["ImageNotFound"]
        with pytest.raises(ClientError, match="RepositoryNotFoundException"):
            ask(url, "mine", "1")
        client("ecr", url).create_repository(repositoryName="mine")
        assert ask(url, "mine", "1")["failures"][0]["failureCode"] == "ImageNotFound"


def test_which_images_run_here(tmp_path: Path) -> None:
    (tmp_path / "images.yaml").write_text("images:\n  - {image: '*/mine:*', command: [serve]}\n")
    runs = runs_here(Settings(data_dir=tmp_path))
    assert runs(SKLEARN) and runs("1.dkr.ecr.us-east-1.amazonaws.com/mine:1")
    assert not runs("1.dkr.ecr.us-east-1.amazonaws.com/yours:1")
    on_docker = Settings(data_dir=tmp_path, runtime=RuntimeName.DOCKER, docker_socket=tmp_path / "no.sock")
    assert not runs_here(on_docker)(SKLEARN)
