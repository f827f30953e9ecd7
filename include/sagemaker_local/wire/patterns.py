"""The service model's regular expressions, which are written for Java, as Python patterns."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

_ASCII = 0x80
_PROPERTY = re.compile(r"\\p\{(\w+)\}")
# POSIX classes, which mean ASCII in Java.
_POSIX = {"Alnum": "a-zA-Z0-9", "ASCII": r"\x00-\x7f", "Print": r"\x20-\x7e"}
# `$` with a repeat count (CustomerMetadataMap has one) is an anchor that changes nothing; Python refuses to compile it.
_REPEATED_ANCHOR = re.compile(r"\$\{\d+,\d+\}")
# Java spells the code points above U+FFFF as a range of surrogate pairs.
_JAVA_ASTRAL, _PYTHON_ASTRAL = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
_JAVA_END, _PYTHON_END = r"\z", r"\Z"


def matches(pattern: str, value: str) -> bool:
    r"""Whether the whole of `value` matches. `\d`, `\w` and `\s` mean ASCII and `\p{L}` means Unicode, as in Java."""
    return _compiled(pattern, ascii_only=value.isascii()).fullmatch(value) is not None


@cache
def _compiled(pattern: str, *, ascii_only: bool) -> re.Pattern[str]:
    # For a value of ASCII the classes need ASCII only, which spares most servers the scan of all of Unicode below.
    limit = _ASCII if ascii_only else sys.maxunicode + 1
    python = _REPEATED_ANCHOR.sub("", pattern).replace(_JAVA_ASTRAL, _PYTHON_ASTRAL)
    python = python.replace(_JAVA_END, _PYTHON_END)
    return re.compile(_PROPERTY.sub(lambda match: _class(match, limit), python), re.ASCII)


def _class(found: re.Match[str], limit: int) -> str:
    r"""What `\p{name}` stands for where it was found: a class, or members of the one in whose brackets it stands."""
    before = found.string[: found.start()].replace(r"\[", "").replace(r"\]", "")
    members = _class_members(found[1], limit)
    return members if before.count("[") > before.count("]") else f"[{members}]"


def _class_members(name: str, limit: int) -> str:
    return _POSIX.get(name) or _categories(limit).get(name, "")


@cache
def _categories(limit: int) -> dict[str, str]:
    """The code points below `limit` of each major Unicode category, as ranges for square brackets."""
    ranges: dict[str, list[str]] = {}
    start, category = 0, unicodedata.category(chr(0))[0]
    for code in range(1, limit + 1):
        following = unicodedata.category(chr(code))[0] if code < limit else ""
        if following != category:
            ranges.setdefault(category, []).append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start, category = code, following
    return {name: "".join(parts) for name, parts in ranges.items()}
