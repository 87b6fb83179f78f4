"""What stands in the slots that no pin fills: candidates by score and boosts, then fallback."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import tee
from typing import NamedTuple

from recsys.domain.eligibility import Test
from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import Theme
from recsys.domain.themes import theme_order
from recsys.domain.views import Candidate, CandidatesView, CatalogView, Multiplier

POPULAR_HERE, POPULAR, REST, THEMED = "popular here", "popular", "rest", "theme"


class Organic(NamedTuple):
    """An item that stands by its own merit: a candidate with its model rank, a fallback tier, or the row's theme."""

    item_id: ItemId
    candidate: Candidate | None
    rank: int | None
    tier: str


@dataclass(frozen=True)
class OrganicSource:
    """The organic order of one request, to be walked with different items taken.

    `theme` is what a row of that kind shows; None when it is not live. Not slotted, because it keeps what it has worked out.
    """

    candidates: CandidatesView
    catalog: CatalogView
    request: Request
    row: RowSettings
    eligible: Test
    multiplier: Multiplier | None
    theme: Theme | None = None

    def walk(self, taken: Container[ItemId], counted: Iterable[ItemId] = ()) -> Iterator[Organic]:
        """Eligible items in organic order, without `taken`, within the group limit.

        Args:
            taken: items that pins hold or that earlier pages showed.
            counted: items of earlier pages that count against the group limit.
        """
        groups = Counter(group for each in counted if (group := self._group(each)) is not None)
        limit = self.row.group_limit if self.row.kind is not RowKind.THEME else 0
        seen: set[ItemId] = set()
        for organic in copy(self._once):
            item_id = organic.item_id
            if item_id in seen or item_id in taken or not self.eligible(item_id):
                continue
            seen.add(item_id)
            group = self._group(item_id) if limit else None
            if group is not None:
                if groups[group] >= limit:
                    continue
                groups[group] += 1
            yield organic

    @cached_property
    def _once(self) -> Iterator[Organic]:
        """The order as far as some walk has come; each walk takes a copy and works out only what is further."""
        return tee(self._ordered(), 1)[0]

    def _ordered(self) -> Iterator[Organic]:
        if self.row.kind is RowKind.THEME:
            yield from self._members()
            return
        rank = 0
        ranked: set[ItemId] = set()
        for tier in self._candidate_tiers():
            fresh = []
            for candidate in tier:
                if candidate.item_id not in ranked:
                    ranked.add(candidate.item_id)
                    rank += 1
                    fresh.append(Organic(candidate.item_id, candidate, rank, candidate.kind))
            yield from self._boosted(fresh)
        if self.row.fills_up:
            yield from self._fallback()

    def _candidate_tiers(self) -> Iterator[Sequence[Candidate]]:
        if self.request.context or self.row.kind is not RowKind.MAIN:
            yield self.candidates.beside()
        if self.request.personalised and self.row.kind is RowKind.MAIN:
            own = self.candidates.new()
            again = self.candidates.repeats() if self.row.repeats else ()
            yield sorted([*own, *again], key=lambda each: (-each.score, each.item_id)) if again else own

    def _members(self) -> Iterator[Organic]:
        """The theme in its own order, which neither boosts nor the group limit change."""
        if self.theme is not None:
            for item_id in theme_order(self.theme, self.candidates, self.catalog, self.request):
                yield Organic(item_id, None, None, THEMED)

    def _boosted(self, tier: list[Organic]) -> list[Organic]:
        multiplier = self.multiplier
        if multiplier is None:
            return tier
        keyed = [(-_score(each) * multiplier(each.item_id), each.item_id, each) for each in tier]
        return [each for _, _, each in sorted(keyed, key=lambda key: key[:2])]

    def _fallback(self) -> Iterator[Organic]:
        market = self.request.market
        if market is not None:
            yield from self._popular(market, POPULAR_HERE)
        yield from self._popular(None, POPULAR)
        yield from self._rest()

    def _popular(self, market: str | None, tier: str) -> Iterator[Organic]:
        popular = self.candidates.popular(market)
        if self.multiplier is not None:
            factor = self.multiplier
            popular = sorted(((i, s * factor(i)) for i, s in popular), key=lambda each: (-each[1], each[0]))
        return (Organic(item_id, None, None, tier) for item_id, _ in popular)

    def _rest(self) -> Iterator[Organic]:
        ids = self.catalog.ids()
        if self.multiplier is not None:
            factor = self.multiplier
            ids = sorted(ids, key=lambda item_id: (-factor(item_id), item_id))
        return (Organic(item_id, None, None, REST) for item_id in ids)

    def _group(self, item_id: ItemId) -> str | None:
        item = self.catalog.get(item_id)
        return None if item is None else item.group_id


def _score(organic: Organic) -> float:
    return organic.candidate.score if organic.candidate is not None else 1.0
