"""images.yaml: what it says, and the path of what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.image_map import read_image_map


def written(directory: Path, text: str) -> Path:
    path = directory / "images.yaml"
    path.write_text(text)
    return path


def test_the_first_entry_that_matches_the_whole_uri_counts(tmp_path: Path) -> None:
    images = read_image_map(
        written(
            tmp_path,
            """
images:
  - {image: "*/mine:1.?", command: [python, serve.py], environment: {A: "1"}, requirements: [flask==3.0]}
  - {image: "*/mine:*", command: [./serve]}
""",
        )
    )
    first, second = images.find("host:5000/mine:1.2"), images.find("host:5000/mine:2.0")
    assert first is not None
    assert second is not None
    assert (first.command, first.environment, first.requirements) == (
        ("python", "serve.py"),
        {"A": "1"},
        ("flask==3.0",),
    )
    assert (second.command, second.directory) == (("./serve",), tmp_path)
    assert images.find("host:5000/mine") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is not YAML"),
        ("images: {}", "images has to be a list"),
        ("image: []", "images has to be a list"),
        ("images: [], \nother: 1", "is not YAML"),
        ("images: [mine]", r"images\[0\] has to be a mapping"),
        ("images: [{command: [a]}]", r"images\[0\]\.image has to be"),
        ("images: [{image: a, command: python serve.py}]", r"images\[0\]\.command has to be a list of strings"),
        ("images: [{image: a, command: []}]", r"images\[0\]\.command has to name a program"),
        ("images: [{image: a, command: [a, 1]}]", r"images\[0\]\.command\[1\] has to be a string"),
        ("images: [{image: a, command: [a]}, {image: a, command: [a], port: 1}]", r"images\[1\]\.port is unknown"),
        (
            "images: [{image: a, command: [a], environment: {A: 1}}]",
            r'environment\.A has to be a string.* "1"',
        ),
        ("images: [{image: a, command: [a], environment: {A-B: x}}]", r"environment\.A-B is no name"),
        ("images: [{image: a, command: [a], requirements: flask}]", r"images\[0\]\.requirements has to be a list"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(HostError, match=message) as refused:
        read_image_map(written(tmp_path, text))
    assert str(tmp_path / "images.yaml") in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"cannot read .*images\.yaml: No such file"):
        read_image_map(tmp_path / "images.yaml")
