"""Both layers become one slate: what people say, and what the model proposes.

A pure function: no I/O, no clock, no randomness. The laws it keeps are in the files it is made of:
eligibility, slots (with themes), organic (with fallback), reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from recsys.domain.eligibility import eligibility
from recsys.domain.errors import NotFound
from recsys.domain.ids import ItemId
from recsys.domain.live import theme_is_live
from recsys.domain.organic import Organic, OrganicSource
from recsys.domain.reasons import organic_reason, pin_reason, theme_reason
from recsys.domain.requests import Request
from recsys.domain.rows import MAX_SLOT, RowSettings
from recsys.domain.rules import Pin, Theme
from recsys.domain.slates import Placed, Slate, Source
from recsys.domain.slots import Held, resolve_slots
from recsys.domain.themes import is_personal
from recsys.domain.views import CandidatesView, CatalogView, RulesView


def merge(candidates: CandidatesView, rules: RulesView, request: Request, catalog: CatalogView) -> Slate:
    """The slate for one request: `request.limit` slots of a row from `request.start` on.

    Raises:
        NotFound: when the surface or its row does not exist.
    """
    row = rules.row(request.surface, request.row)
    if row is None:
        raise NotFound("row", f"There is no row “{request.row}” on the surface “{request.surface}”.")
    eligible = eligibility(candidates, rules, request, catalog, row)
    multiplier = rules.multiplier(request) if request.rules else None
    theme = _theme_of(row, rules, request)
    organic = OrganicSource(candidates, catalog, request, row, eligible, multiplier, theme)
    pins = _pins_from(rules, request)
    shown = request.shown
    held = resolve_slots(
        pins, candidates, rules, request, catalog, lambda item_id: item_id not in shown and eligible(item_id)
    )
    return _Table(candidates, catalog, request, organic, held).slate()


def _pins_from(rules: RulesView, request: Request) -> list[Pin]:
    """The live pins whose slots are still to come."""
    if not request.rules:
        return []
    first = max(request.start, request.pins_from)
    return [pin for pin in rules.pins(request) if pin.slot >= first]


def _theme_of(row: RowSettings, rules: RulesView, request: Request) -> Theme | None:
    """The theme that the row shows, None when it is not live or switched off."""
    theme = rules.theme(row.theme) if row.theme is not None and request.rules else None
    return theme if theme is not None and theme_is_live(theme, request.at) else None


@dataclass(frozen=True, slots=True)
class _Table:
    """Where held slots and the organic order are laid out together."""

    candidates: CandidatesView
    catalog: CatalogView
    request: Request
    organic: OrganicSource
    held: dict[int, Held]

    def slate(self) -> Slate:
        start = self.request.start
        stop = min(start + self.request.limit, MAX_SLOT + 1)
        laid = list(islice(self._lay(), max(stop - start, 0) + 1))
        page = laid[: stop - start]
        items = tuple(self._displacements(page))
        return Slate(
            items=items,
            personalised=any(self._is_personal(each) for _, each in page),
            more=len(laid) > len(page) and stop <= MAX_SLOT,
            pins_from=max([self.request.pins_from, *_slots_spent(page)]),
        )

    def _lay(self) -> Iterator[tuple[int, Held | Organic]]:
        """Position by position from the start: the pin of the slot, else the next organic item.

        When the organic items run out, the pins further down close up in order.
        """
        reserved = {each.item_id for each in self.held.values()}
        organic = self.organic.walk(
            reserved | self.request.shown, self.request.shown - self.request.shown_pinned
        )
        waiting = dict(self.held)
        position = self.request.start
        while True:
            here: Held | Organic | None = waiting.pop(position, None) or next(organic, None)
            if here is None:
                if not waiting:
                    return
                here = waiting.pop(min(waiting))
            yield position, here
            position += 1

    def _displacements(self, page: list[tuple[int, Held | Organic]]) -> Iterator[Placed]:
        """The page as placed items; held slots name what the slate without pins has there."""
        last = max((position for position, each in page if isinstance(each, Held)), default=0)
        without_pins = [each.item_id for each in islice(self.organic.walk(()), last)]
        for position, each in page:
            if isinstance(each, Held):
                there = without_pins[position - 1] if position <= len(without_pins) else None
                yield self._placed_by_pin(position, each, None if there == each.item_id else there)
            else:
                yield self._placed_organically(position, each)

    def _placed_by_pin(self, position: int, held: Held, displaced: ItemId | None) -> Placed:
        return Placed(
            item_id=held.item_id,
            position=position,
            source=Source.PIN if held.theme is None else Source.THEME,
            reason=pin_reason(held.theme, self.request.market),
            rule_id=held.pin.id,
            theme=None if held.theme is None else held.theme.slug,
            displaced=displaced,
        )

    def _placed_organically(self, position: int, organic: Organic) -> Placed:
        candidate, theme = organic.candidate, self.organic.theme
        if theme is not None:
            return _member(position, organic.item_id, theme, self.request)
        return Placed(
            item_id=organic.item_id,
            position=position,
            source=Source.FALLBACK if candidate is None else Source.MODEL,
            reason=organic_reason(organic, self.candidates, self.catalog, self.request),
            score=None if candidate is None else candidate.score,
            model_rank=organic.rank,
        )

    def _is_personal(self, each: Held | Organic) -> bool:
        """Whether personal data shaped the place of an item."""
        if not self.request.personalised:
            return False
        if isinstance(each, Held):
            theme = each.theme
            by_vector = theme is not None and is_personal(theme, each.item_id, self.candidates, self.request)
            return by_vector or each.pin.scope.personal
        if self.organic.theme is not None:
            return is_personal(self.organic.theme, each.item_id, self.candidates, self.request)
        own = each.candidate is not None and each.candidate.kind.personal
        multiplier = self.organic.multiplier
        return own or (multiplier is not None and multiplier.personal)


def _member(position: int, item_id: ItemId, theme: Theme, request: Request) -> Placed:
    return Placed(
        item_id=item_id,
        position=position,
        source=Source.THEME,
        reason=theme_reason(theme, request.market),
        rule_id=theme.id,
        theme=theme.slug,
    )


def _slots_spent(page: list[tuple[int, Held | Organic]]) -> Iterator[int]:
    return (each.pin.slot + 1 for _, each in page if isinstance(each, Held))
