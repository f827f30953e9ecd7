"""What can be loaded, and where an endpoint is invoked with which credentials."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.aws_target import endpoint_target
from include.sagemaker_local.load.target import Access, Target, url_target
from include.sagemaker_local.wire.sigv4 import Key
from tests.fakes.certificates import loopback_certificate


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://127.0.0.1:8080/a/b?c=d", (False, "127.0.0.1", 8080, "/a/b?c=d")),
        ("https://example.com", (True, "example.com", 443, "/")),
        ("http://[::1]/ü b?q=ü", (False, "::1", 80, "/%C3%BC%20b?q=%C3%BC")),
        ("https://example.com:444/?a", (True, "example.com", 444, "/?a")),
        ("http://localhost/%2Fkept", (False, "localhost", 80, "/%2Fkept")),
    ],
)
def test_urls(url: str, target: tuple[bool, str, int, str]) -> None:
    found = url_target(url)
    assert (found.tls, found.host, found.port, found.path) == target
    assert (found.name, found.access) == (url, None)


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://a/", "http://", "http://a:b@c/", "http://a:x/", "file:///etc"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"not a URL such as|Port could not be cast"):
        url_target(url)


def test_a_targets_url_has_a_port_only_where_it_says_something() -> None:
    assert url_target("https://a:443/x").url == "https://a/x"
    assert url_target("http://[::1]:443/x").url == "http://[::1]:443/x"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),  # noqa: S104
     ("10.0.0.1", False), ("localhost.example.com", False), ("127.0.0.1.example.com", False)],
)  # fmt: skip
def test_only_what_certainly_is_this_machine_counts_as_such(host: str, loopback: bool) -> None:
    assert Target("", False, host, 80, "/").is_loopback is loopback


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def endpoint(name: str = "churn", **chosen: str) -> Target:
    wanted: dict[str, str | None] = {"region": None, "endpoint_url": None, "profile": None}
    return endpoint_target(name, **{**wanted, **chosen})


def test_an_endpoint_on_aws_with_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, trusted = loopback_certificate(tmp_path)
    for name, value in (("ACCESS_KEY_ID", "AKID"), ("SECRET_ACCESS_KEY", "s"), ("SESSION_TOKEN", "t")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(trusted))

    found = endpoint()

    assert found.url == "https://runtime.sagemaker.cn-north-1.amazonaws.com.cn/endpoints/churn/invocations"
    assert found.access == Access(Key("AKID", "s"), "cn-north-1", "t")
    assert (found.name, found.ca_file, found.is_loopback) == ("churn", str(trusted), False)


def test_a_profile_and_the_options_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[other]\naws_access_key_id = PROFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "http://127.0.0.1:1")

    found = endpoint(profile="other", region="eu-west-1", endpoint_url="http://127.0.0.1:4566/")

    assert found.url == "http://127.0.0.1:4566/endpoints/churn/invocations"
    assert found.access == Access(Key("PROFILE", "s"), "eu-west-1")


def test_on_loopback_any_key_and_a_region_will_do() -> None:
    found = endpoint(endpoint_url="http://127.0.0.1:4566")
    assert found.access is not None
    assert found.access.region == "us-east-1"


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ({}, "You must specify a region"),
        ({"region": "us-east-1"}, "there are no AWS credentials"),
        ({"profile": "nobody"}, "nobody"),
        ({"region": "us-east-1", "endpoint_url": "nowhere"}, "Invalid endpoint: nowhere"),
    ],
)
def test_what_is_missing_is_said(chosen: dict[str, str], reason: str) -> None:
    with pytest.raises(HostError, match=reason):
        endpoint(**chosen)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_of_certificates_that_is_none_is_said(
    content: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "company.pem").write_text(content)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "company.pem"))
    with pytest.raises(
        HostError, match=r"company.pem' \(AWS_CA_BUNDLE, or the profile's ca_bundle\) has no certificates"
    ):
        endpoint(region="us-east-1")
