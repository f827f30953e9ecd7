"""The argument value that means "leave this column as it is", where None already means "set it to nothing"."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias


class _Sentinel(Enum):
    UNCHANGED = "unchanged"


Unchanged: TypeAlias = Literal[_Sentinel.UNCHANGED]
UNCHANGED: Final = _Sentinel.UNCHANGED
