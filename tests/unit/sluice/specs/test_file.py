from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
import yaml
from sluice.errors import SpecError
from sluice.naming import names_for
from sluice.specs.file import MAX_BYTES, json_schema, load_spec, schema_text
from sluice.specs.schedule import AssetSchedule

from tests.fakes.specs import DROP, a_spec, digests_of, spec_document

PROJECT = Path(__file__).parents[4]
PIPELINES = sorted((PROJECT / "dags" / "pipelines").glob("*.yaml"))


def write(folder: Path, text: str) -> Path:
    path = folder / "iris.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert caught.value.file == str(path)
    return caught.value


def test_a_file_gives_the_spec_that_it_holds(tmp_path: Path) -> None:
    assert load_spec(write(tmp_path, yaml.safe_dump(spec_document()))) == a_spec()


def test_assets_as_schedule(tmp_path: Path) -> None:
    document = spec_document(schedule={"assets": ["s3://models/iris"]})
    assert load_spec(write(tmp_path, yaml.safe_dump(document))).schedule == AssetSchedule(assets=("s3://models/iris",))


def test_an_anchor_and_a_merge_key_may_share_an_environment(tmp_path: Path) -> None:
    text = yaml.safe_dump(spec_document(containers=DROP)) + (
        "containers:\n"
        "- {hostname: a, image: i, environment: &env {A: '1'}}\n"
        "- {hostname: b, image: i, environment: {<<: *env, B: '2'}}\n"
    )
    assert load_spec(write(tmp_path, text)).containers[1].environment == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("changes", "path", "key"),
    [
        ({"gate__rules__1__max": "x"}, "gate.rules[1].max", "max: x"),
        ({"containers__1__hostnam": "x"}, "containers[1].hostnam", "hostnam: x"),
        ({"staging__instances": 0}, "staging.instances", "instances: 0"),
        ({"staging__endpoint": DROP}, "staging.endpoint", "staging:"),  # not there, so the line of what should hold it
        ({"package__content_types": ["text/csv", "csv"]}, "package.content_types[1]", "- csv"),
        ({"containers__0__environment": {"A.B": "x"}}, "containers[0].environment.A.B", "A.B: x"),
    ],
)
def test_an_error_names_file_line_and_path(tmp_path: Path, changes: dict[str, Any], path: str, key: str) -> None:
    text = "# a comment\n" + yaml.safe_dump(spec_document(**changes))
    error = refused(write(tmp_path, text))
    assert error.path == path
    assert error.line is not None
    line = text.splitlines()[error.line - 1]
    assert key in line or (key == "staging:" and "instance_type: ml.c5.large" in line)
    assert f"iris.yaml:{error.line}: {path}: " in str(error)


def test_a_key_given_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    error = refused(write(tmp_path, "pipeline: iris\nstaging:\n  endpoint: a\n  instances: 1\n  endpoint: b\n"))
    assert error.path == "staging.endpoint"
    assert error.line == 5
    assert "first on line 3" in error.problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("a: [1, 2\n", "is not YAML"),
        ("a: 1\n b: 2\n", "is not YAML"),
        ("- a\n", "must be keys and values"),
        ("just text\n", "must be keys and values"),
        ("pipeline: 2024-13-45\n", "YAML cannot read"),
        ("pipeline: 2024-01-02\n", "must be text"),
        ("pipeline: no\n", "must be text"),
        ("true: x\n", "is not a key"),
        ("[a]: x\n", "key that is not text"),
        ("a: !!python/object/apply:os.getcwd []\n", "is not YAML"),
        ("a: 1\n---\nb: 2\n", "is not YAML"),
        ("a: &a [*a]\n", "is not a key"),
        ("a: \x07\n", "is not YAML"),
        ("a: " + "[" * 50_000, "nested too deep"),
        ("{a: " * 50_000, "nested too deep"),
        ("- " * 50_000, "nested too deep"),
        ("pipeline: " + "1" * 5000, "cannot read"),
    ],
)
def test_what_is_no_spec_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert says in refused(write(tmp_path, text)).problem


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "gone.yaml").problem
    assert "cannot be read" in refused(tmp_path).problem
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in refused(binary).problem


def test_a_file_too_large_for_a_spec_is_not_parsed(tmp_path: Path) -> None:
    assert "larger than" in refused(write(tmp_path, "#" * (MAX_BYTES + 1))).problem


def test_nested_aliases_cost_no_time(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert "is not a key" in refused(write(tmp_path, "\n".join(levels))).problem


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_the_specs_that_come_with_sluice_are_valid_and_so_says_the_schema(path: Path) -> None:
    spec = load_spec(path)
    assert names_for(spec, digests_of(spec)).pipeline == spec.pipeline
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(path.read_text()))


def test_there_is_a_sample_spec() -> None:
    assert "breast_cancer" in [path.stem for path in PIPELINES]


def test_the_schema_that_is_checked_in_is_up_to_date() -> None:
    checked_in = (PROJECT / "docs" / "spec.schema.json").read_text(encoding="utf-8")
    assert checked_in == schema_text(), "run: PYTHONPATH=plugins python -m sluice.specs.file > docs/spec.schema.json"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize(
    "changes",
    [
        {"gate__approval": {}},
        {"gate__rules": []},
        {"gate__rules__0__metric": "latency"},
        {"gate__rules__0__max": "120"},
        {"benchmark__job_type": "ADVANCED"},
        {"staging__instances": 0},
        {"containers__0__environment": {"A": 1}},
        {"pipeline": "a_b"},
        {"production": DROP},
        {"staging__after_gate": "remove"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_types_refuse(changes: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(spec_document())
    assert not validator.is_valid(spec_document(**changes))


def test_every_property_of_the_schema_is_described() -> None:
    schema = json_schema()
    for name, described in [("PipelineSpec", schema), *schema["$defs"].items()]:
        for key, value in described["properties"].items():
            assert value["description"], f"{name}.{key}"
