"""`images.yaml`: which command stands in for an image. What is wrong with it is said by the member's path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from include.sagemaker_local.errors import HostError

_KEYS = frozenset({"image", "command", "environment", "requirements"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # as CreateModel wants the keys of Environment


@dataclass(frozen=True, slots=True)
class MappedImage:
    """One entry: containers of images that match `pattern` run `command` in `directory`, that of the file."""

    pattern: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()  # as pip takes them; without any there is no environment of its own


@dataclass(frozen=True, slots=True)
class ImageMap:
    """All entries, in the order of the file."""

    entries: tuple[MappedImage, ...] = ()

    def find(self, image: str) -> MappedImage | None:
        """The first entry whose pattern (`*` and `?` as in file names) matches the whole URI."""
        return next((entry for entry in self.entries if fnmatchcase(image, entry.pattern)), None)


def read_image_map(path: Path) -> ImageMap:
    """The entries of the file. Raises HostError, naming file and member, when it cannot be read or understood."""
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HostError(f"{path} is not YAML: {error}") from error
    problems = _Problems(path)
    if not isinstance(document, dict) or set(document) != {"images"} or not isinstance(document["images"], list):
        raise problems.at("images", "has to be a list, and the only key of the file")
    return ImageMap(tuple(_entry(entry, f"images[{n}]", problems) for n, entry in enumerate(document["images"])))


@dataclass(frozen=True, slots=True)
class _Problems:
    path: Path

    def at(self, member: str, text: str) -> HostError:
        return HostError(f"{self.path}: {member} {text}")


def _entry(entry: Any, at: str, problems: _Problems) -> MappedImage:
    if not isinstance(entry, dict):
        raise problems.at(at, "has to be a mapping with the keys image and command")
    for key in sorted(map(str, entry.keys() - _KEYS)):
        raise problems.at(f"{at}.{key}", f"is unknown; the keys are {', '.join(sorted(_KEYS))}")
    pattern = entry.get("image")
    if not isinstance(pattern, str) or not pattern:
        raise problems.at(f"{at}.image", "has to be an image's URI, in which * stands for anything")
    command = _strings(entry.get("command"), f"{at}.command", problems)
    if not command:
        raise problems.at(f"{at}.command", "has to name a program: a list of strings, the program first")
    environment = entry.get("environment") or {}
    if not isinstance(environment, dict):
        raise problems.at(f"{at}.environment", "has to be a mapping of strings")
    for name, value in environment.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise problems.at(f"{at}.environment.{name}", "is no name of a variable")
        if not isinstance(value, str):
            raise problems.at(f"{at}.environment.{name}", f'has to be a string; quote it: "{value}"')
    requirements = _strings(entry.get("requirements", []), f"{at}.requirements", problems)
    return MappedImage(pattern, command, problems.path.parent.absolute(), environment, requirements)


def _strings(value: Any, at: str, problems: _Problems) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise problems.at(at, "has to be a list of strings")
    for n, one in enumerate(value):
        if not isinstance(one, str) or not one:
            raise problems.at(f"{at}[{n}]", "has to be a string that is not empty; quote numbers")
    return tuple(value)
