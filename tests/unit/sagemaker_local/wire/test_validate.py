from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.wire import service_model
from include.sagemaker_local.wire.patterns import _compiled, matches
from include.sagemaker_local.wire.validate import validated

MODEL = service_model.sagemaker()


def check(operation: str, **request: Any) -> dict[str, Any]:
    shape = MODEL.input_shape(operation)
    assert shape is not None
    return validated(shape, request)


def refusal(operation: str, **request: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check(operation, **request)
    assert caught.value.status == 400
    return caught.value


def test_a_good_request_passes_unchanged() -> None:
    request = {
        "ModelName": "fraud-1",
        "Containers": [{"Image": "repo/image:1", "Environment": {"A_1": "x y"}}],
        "Tags": [{"Key": "owner", "Value": "team/risk @ größe"}],
    }
    assert check("CreateModel", **request) == request


def test_unknown_members_and_nulls_are_left_out() -> None:
    assert check("DescribeModel", ModelName="m", Colour="red", Size=None) == {"ModelName": "m"}
    assert check("CreateModel", ModelName="m", PrimaryContainer={"Image": "i", "New": 1, "Mode": None}) == {
        "ModelName": "m",
        "PrimaryContainer": {"Image": "i"},
    }


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        (
            "DescribeModel",
            {},
            "1 validation error detected: Value null at 'modelName' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            "DescribeModel",
            {"ModelName": "-no"},
            "1 validation error detected: Value '-no' at 'modelName' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?",
        ),
        (
            "DescribeModel",
            {"ModelName": "m" * 64},
            f"1 validation error detected: Value '{'m' * 64}' at 'modelName' failed to satisfy constraint: "
            "Member must have length less than or equal to 63",
        ),
        (
            "DescribeInferenceRecommendationsJob",
            {"JobName": ""},
            "1 validation error detected: Value '' at 'jobName' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "ListModels",
            {"MaxResults": 101, "SortOrder": "Up"},
            "2 validation errors detected: "
            "Value 'Up' at 'sortOrder' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Ascending, Descending]; "
            "Value '101' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 100",
        ),
        (
            "ListModels",
            {"MaxResults": 0},
            "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "c", "ProductionVariants": []},
            "1 validation error detected: Value '[]' at 'productionVariants' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "AddTags",
            {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m", "Tags": [{"Key": "k"}, {"Value": "v"}]},
            "2 validation errors detected: "
            "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null; "
            "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null",
        ),
        (
            "CreateModel",
            {"ModelName": "m", "PrimaryContainer": {"Environment": {"1A": "x"}}},
            "1 validation error detected: Value '{1A=x}' at 'primaryContainer.environment' failed to satisfy "
            "constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
            "Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]",
        ),
        (
            "CreateModel",
            {"ModelName": "m", "VpcConfig": {"SecurityGroupIds": ["sg 1"], "Subnets": ["subnet-1"]}},
            "1 validation error detected: Value '[sg 1]' at 'vpcConfig.securityGroupIds' failed to satisfy "
            "constraint: Member must satisfy constraint: [Member must have length less than or equal to 32, "
            "Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: [-0-9a-zA-Z]+]",
        ),
    ],
)
def test_violations_are_told_in_the_words_of_aws(operation: str, request_: dict[str, Any], message: str) -> None:
    error = refusal(operation, **request_)
    assert error.code == "ValidationException"
    assert error.message == message


def test_a_map_value_that_is_too_long_is_cut_in_the_message() -> None:
    error = refusal("CreateModel", ModelName="m", PrimaryContainer={"Environment": {"A": "x" * 5000}})
    assert "Map value must satisfy constraint: [Member must have length less than or equal to 1024" in error.message
    assert "x..." in error.message
    assert len(error.message) < 2000


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        ("DescribeModel", {"ModelName": 1}, "NUMBER_VALUE can not be converted to a String (at 'modelName')"),
        ("DescribeModel", {"ModelName": True}, "TRUE_VALUE can not be converted to a String (at 'modelName')"),
        ("DescribeModel", {"ModelName": []}, "Start of list found where not expected (at 'modelName')"),
        ("DescribeModel", {"ModelName": {}}, "Start of structure or map found where not expected (at 'modelName')"),
        ("DescribeModel", {"ModelName": "\ud800"}, "half of a surrogate pair"),
        ("ListModels", {"MaxResults": "7"}, "STRING_VALUE can not be converted to an Integer (at 'maxResults')"),
        ("ListModels", {"MaxResults": 1.5}, "NUMBER_VALUE can not be converted to an Integer (at 'maxResults')"),
        ("ListModels", {"MaxResults": True}, "TRUE_VALUE can not be converted to an Integer (at 'maxResults')"),
        ("ListModels", {"MaxResults": 2**40}, "NUMBER_VALUE is out of range of an Integer (at 'maxResults')"),
        ("ListModels", {"MaxResults": float("inf")}, "inf is not a number that JSON can hold (at 'maxResults')"),
        ("ListModels", {"CreationTimeAfter": 10**400}, "is out of range of a Timestamp (at 'creationTimeAfter')"),
        ("ListModels", {"CreationTimeAfter": "yesterday"}, "STRING_VALUE can not be converted to a Timestamp"),
        ("CreateModel", {"ModelName": "m", "Containers": {}}, "Expected list or null (at 'containers')"),
        (
            "CreateModel",
            {"ModelName": "m", "Containers": ["x"]},
            "Expected structure or null (at 'containers.1.member')",
        ),
        ("CreateModel", {"ModelName": "m", "PrimaryContainer": {"Environment": []}}, "Expected map or null"),
        (
            "CreateModel",
            {"ModelName": "m", "EnableNetworkIsolation": "yes"},
            "STRING_VALUE can not be converted to a Boo",
        ),
    ],
)
def test_a_wrong_json_type_is_a_serialization_error(operation: str, request_: dict[str, Any], message: str) -> None:
    error = refusal(operation, **request_)
    assert error.code == "SerializationException"
    assert message in error.message


@pytest.mark.parametrize(
    "items", [{"Containers": [None]}, {"VpcConfig": {"SecurityGroupIds": [None], "Subnets": ["s"]}}]
)
def test_null_inside_a_list_is_refused(items: dict[str, Any]) -> None:
    assert refusal("CreateModel", ModelName="m", **items).code == "ValidationException"


def test_whole_numbers_may_be_written_as_floats() -> None:
    assert check("ListModels", MaxResults=7.0) == {"MaxResults": 7}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (r"[\p{L}\p{N}_]+", "größe_7", True),
        (r"[\p{L}\p{N}_]+", "größe 7", False),
        (r"[\p{L}\p{N}_]+", "plain", True),
        (r"[\p{L}\p{N}_]+", "ship \N{ROCKET}", False),
        (r"[\p{S}]+", "\N{ROCKET}", True),
        (r"([\p{L}\p{Z}]*)${1,128}", "a b", True),
        (r"\d+", "١٢", False),
        (r"[a-z]+", "abc\n", False),
        (r"[\p{Alnum}\-]+", "a-1", True),
        (r"\p{Print}+", "my policy!", True),
        (r"\p{Print}+", "a\tb", False),
    ],
)
def test_patterns_mean_what_they_mean_in_java(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected


def _patterns() -> Iterator[str]:
    for name in MODEL._model.shape_names:
        pattern = MODEL._model.shape_for(name).metadata.get("pattern")
        if pattern is not None:
            yield pattern


def test_every_pattern_of_the_service_model_compiles_and_uses_classes_only_in_brackets() -> None:
    for pattern in set(_patterns()):
        for ascii_only in (True, False):
            _compiled(pattern, ascii_only=ascii_only)
        assert "\\p" not in re.sub(r"\[[^]]*\]", "", pattern), pattern
