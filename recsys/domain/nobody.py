"""The shopper of whom nothing is known, and the shop before its first run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

from recsys.domain.ids import ItemId
from recsys.domain.views import Candidate

NOTHING: Mapping[ItemId, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Nobody:
    """No candidates, no vectors, no popularity: the merge's `CandidatesView` where there is nothing to look up.

    `owned` and `disliked` are what was told since, if anything.
    """

    # ruff: noqa: ARG002 - there is nothing to look up

    owned: AbstractSet[ItemId] = frozenset()
    disliked: AbstractSet[ItemId] = frozenset()

    def new(self) -> Sequence[Candidate]:
        """No candidates."""
        return ()

    def repeats(self) -> Sequence[Candidate]:
        """Nothing to buy again."""
        return ()

    def beside(self) -> Sequence[Candidate]:
        """No neighbours."""
        return ()

    def because(self, candidate: Candidate) -> Sequence[tuple[ItemId, float]]:
        """No reasons."""
        return ()

    def affinity(self, items: Sequence[ItemId]) -> Sequence[float | None] | None:
        """No vector."""
        return None

    def popular(self, market: str | None) -> Sequence[tuple[ItemId, float]]:
        """No popularity: members of a theme are taken by id."""
        return ()

    def popularity(self, market: str | None) -> Mapping[ItemId, float]:
        """The same by item."""
        return NOTHING


NOBODY = Nobody()
