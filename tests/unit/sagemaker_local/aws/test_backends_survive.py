"""IAM's roles and SNS's topics after the server was killed: one `aws_server` after the other on the same directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.aws.backend_archive import BackendArchive
from include.sagemaker_local.errors import HostError
from tests.fakes.aws_server import ACCOUNT, aws_server, client

TRUST = '{"Version": "2012-10-17", "Statement": []}'
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


def roles(url: str) -> list[dict[str, Any]]:
    """By name: moto lists them by their random ids."""
    return sorted(client("iam", url).list_roles()["Roles"], key=lambda role: str(role["RoleName"]))


def test_roles_and_topics_come_back_as_they_were(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        iam, sns = client("iam", url), client("sns", url, region="eu-west-1")
        iam.create_role(RoleName="sluice", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="sluice", PolicyName="p", PolicyDocument=POLICY)
        iam.create_role(RoleName="gone", AssumeRolePolicyDocument=TRUST)
        iam.delete_role(RoleName="gone")
        topic = sns.create_topic(Name="done")["TopicArn"]
        before = roles(url)
    with aws_server(tmp_path) as url:
        assert roles(url) == before
        assert [role["RoleName"] for role in before] == ["sluice"]
        assert client("iam", url).get_role_policy(RoleName="sluice", PolicyName="p")["PolicyDocument"]
        topics = client("sns", url, region="eu-west-1").list_topics()["Topics"]
        assert topics == [{"TopicArn": topic}]


def test_a_disk_that_refuses_is_reported_and_nothing_is_changed(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        iam = client("iam", url)
        iam.create_role(RoleName="first", AssumeRolePolicyDocument=TRUST)
        (tmp_path / "iam.partial").mkdir()  # no file can be written there
        with pytest.raises(ClientError) as error:
            iam.create_role(RoleName="second", AssumeRolePolicyDocument=TRUST)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        assert [role["RoleName"] for role in roles(url)] == ["first"]
        (tmp_path / "iam.partial").rmdir()
        iam.create_role(RoleName="second", AssumeRolePolicyDocument=TRUST)
    with aws_server(tmp_path) as url:
        assert [role["RoleName"] for role in roles(url)] == ["first", "second"]


def test_a_file_that_is_not_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "iam.pickle").write_bytes(b"this is no pickle")
    with pytest.raises(HostError, match=f"cannot use {tmp_path / 'iam.pickle'}"):
        BackendArchive(ACCOUNT, tmp_path).load()


def test_a_directory_of_another_run_has_nothing_of_this_one(tmp_path: Path) -> None:
    with aws_server(tmp_path / "one") as url:
        client("iam", url).create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    with aws_server(tmp_path / "two") as url:
        assert roles(url) == []


def test_reset_forgets_them_on_disk_too(tmp_path: Path) -> None:
    from moto.iam.models import iam_backends

    with aws_server(tmp_path) as url:
        client("iam", url).create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        archive = BackendArchive(ACCOUNT, tmp_path)
        archive.load()
        iam_backends[ACCOUNT]["aws"].roles.clear()  # as moto's own reset does
        archive.keep()
    with aws_server(tmp_path) as url:
        assert roles(url) == []
