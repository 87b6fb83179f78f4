"""The preview grid as the templates read it: one cell a slot, with what is worth saying about it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation_ui.i18n import gettext as _
from curation_ui.rendering import why_words
from curation_ui.surfaces.facts import Facts, facts_of, runs_low
from recsys.domain.catalog import Item
from recsys.domain.diff import Move
from recsys.domain.ids import ItemId
from recsys.domain.rules import AnyRule, Boost
from recsys.domain.slates import Placed, Reason, Source
from recsys.services.preview import Look
from recsys.slates.state import CompiledRelease

OWN_MERIT = frozenset({Source.MODEL, Source.FALLBACK})


@dataclass(frozen=True, slots=True)
class Cell:
    """One tile: the item, why it is here, and where it stood before the draft.

    `was` is the slot it had in the live slate: None when it has not moved, 0 when it is new here.
    `boosts`: the boost and the bury that weigh it, where it stands by its own merit.
    """

    placed: Placed
    item: Item
    why: str
    was: int | None
    rule: AnyRule | None
    displaced: Item | None
    facts: Facts
    boosts: tuple[Boost, ...] = ()

    @property
    def weight(self) -> float:
        """What the boosts make of its score: the product of their factors."""
        return math.prod(each.factor for each in self.boosts)

    @property
    def reason(self) -> str:
        """Why it is here in full, said to an editor."""
        return third_person(self.placed.reason.text)

    @property
    def low(self) -> bool:
        """Whether the stock would not last another week like the latest."""
        return runs_low(self.item, self.facts)

    @property
    def mark(self) -> str:
        """What changed about its place: “was 9”, “new”, or nothing."""
        if self.was is None:
            return ""
        return _("was %(slot)d", slot=self.was) if self.was else _("new")


def cells(look: Look, release: CompiledRelease | None, moves: Sequence[Move] = ()) -> list[Cell]:
    """The tiles of one side of the draft, marked with `moves`; `release` is the live one, whose run knows the sales."""
    was = {move.item_id: move.before or 0 for move in moves}
    return [_cell(look, release, placed, was) for placed in look.slate.items]


def gone(before: Look, moves: Sequence[Move]) -> list[tuple[Item, int]]:
    """The items that were on the grid before and are not now, with the slot that each had."""
    left = [(move.item_id, move.before) for move in moves if move.after is None and move.before is not None]
    return [(known(before, item_id), slot) for item_id, slot in left]


def known(look: Look, item_id: ItemId) -> Item:
    """The item as the catalog has it; one that it lacks is called by its id."""
    return look.items.get(item_id) or Item(item_id, item_id)


def why(placed: Placed, rule: AnyRule | None) -> str:
    """One short line: why the item stands here, said to an editor."""
    if placed.source is Source.PIN or placed.source is Source.THEME:
        return why_words(placed, rule)
    return shortly(placed.reason)


def shortly(reason: Reason) -> str:
    """The shopper's reason in a few words: one item of several behind it, and “they” for the shopper."""
    first = reason.because[0].title if reason.because else ""
    if first and reason.text.startswith("Because you bought"):
        return _("They bought %(title)s", title=first)
    if len(reason.because) == 1 and reason.text.startswith("Often bought with"):
        return _("Often bought with it")
    if len(reason.because) == 1 and reason.text.startswith("Similar to"):
        return _("Similar to it")
    return third_person(reason.text)


def third_person(reason: str) -> str:
    """The shopper's reason as an editor reads it: “because you bought” becomes “because they bought”."""
    words = f" {reason} ".replace(" you ", " they ").replace(" your ", " their ").replace(" You ", " They ")
    return words.strip().replace("for they", "for them")


def _cell(look: Look, release: CompiledRelease | None, placed: Placed, was: Mapping[ItemId, int]) -> Cell:
    rule, item = look.rules.get(placed.rule_id), known(look, placed.item_id)
    return Cell(
        placed=placed,
        item=item,
        facts=facts_of(item, release),
        why=why(placed, rule),
        was=was.get(placed.item_id),
        rule=rule,
        displaced=known(look, placed.displaced) if placed.displaced else None,
        boosts=look.weighing(placed.item_id) if placed.source in OWN_MERIT else (),
    )
