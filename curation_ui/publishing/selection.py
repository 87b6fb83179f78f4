"""Which changes of the draft are to be published: choosing them, and what the choice leaves out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from curation_ui.surfaces.concerns import concerns
from recsys.domain.changes import Change, Needed, apply_changes, needed_by
from recsys.domain.rules import RuleSet
from recsys.services.drafting import Draft


class Pick(StrEnum):
    """A ready-made choice of changes."""

    ALL = "all"
    MINE = "mine"
    SURFACE = "surface"


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen changes, those among them that cannot be published, and those that must come along."""

    chosen: tuple[Change, ...]
    conflicting: tuple[Change, ...]
    needed: tuple[Needed, ...]
    rules: RuleSet

    @property
    def ready(self) -> bool:
        """Whether it can be published as it is."""
        return bool(self.chosen) and not self.conflicting and not self.needed


def select(draft: Draft, ids: Collection[int]) -> Selection:
    """The selection of the changes with these ids; ids that have left the draft are dropped."""
    chosen = tuple(change for change in draft.changes if change.id in ids)
    taken = {change.id for change in chosen}
    moved = {conflict.change.id for conflict in draft.conflicts}
    return Selection(
        chosen=chosen,
        conflicting=tuple(change for change in chosen if change.id in moved),
        needed=tuple(needed_by(draft.live, draft.changes, taken)),
        rules=apply_changes(draft.live, chosen),
    )


def picked(draft: Draft, pick: Pick, person: str, surface: str) -> set[int]:
    """The ids of a ready-made choice: all that can be published, one's own, or those of a surface.

    What the choice needs comes along, and changes in conflict stay out.
    """
    moved = {conflict.change.rule_id for conflict in draft.conflicts}
    fit = [change for change in draft.changes if change.rule_id not in moved]
    if pick is Pick.MINE:
        fit = [change for change in fit if change.author == person]
    if pick is Pick.SURFACE:
        fit = [change for change in fit if concerns(change, surface, draft.rules)]
    ids = {change.id for change in fit}
    return (
        ids
        if pick is Pick.MINE
        else ids | {each.change.id for each in needed_by(draft.live, draft.changes, ids)}
    )
