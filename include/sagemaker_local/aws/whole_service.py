"""A service that is kept in one piece for each region: whatever moto's backend consists of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.backends import get_backend

from include.sagemaker_local.aws.moto_values import from_json, to_json
from include.sagemaker_local.aws.service_store import Entry, Growth


class WholeService:
    """One account's part of a service that moto knows as `name`. See Holding."""

    def __init__(self, name: str, account_id: str, *, left_out: frozenset[str] = frozenset()) -> None:
        """`left_out` names attributes of moto's objects that are empty after a restart."""
        self._name = name
        self._account_id = account_id
        self._left_out = left_out
        self._pieces: dict[str, str] = {}

    def marks(self) -> Mapping[str, str]:
        """The pieces themselves, by region."""
        held = list(self._backends().items())
        self._pieces = {region: json.dumps(to_json(vars(one), self._left_out)) for region, one in held}
        return self._pieces

    def piece(self, name: str) -> str:
        """The region's backend as it was when `marks` was called."""
        return self._pieces[name]

    def growth(self) -> Mapping[str, Growth]:
        """There are no journals."""
        return {}

    def grown(self) -> None:
        """There is nothing to note."""

    def restore(self, pieces: Mapping[str, str], journals: Iterable[tuple[str, Entry]]) -> None:
        """Starts from new backends, so that what a newer moto adds to them is there."""
        backends = self._backends()
        for region in {*pieces, *backends}:
            backend = backends[region]
            backend.reset()
            vars(backend).update(from_json(json.loads(pieces.get(region, "[]"))))

    def _backends(self) -> Any:
        known: Any = get_backend  # its type knows one overload for each service
        return known(self._name)[self._account_id]
