"""What a page says about a theme apart from its content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from curation_ui import context, waiting
from recsys.domain.errors import Unavailable
from recsys.domain.ids import ItemId
from recsys.domain.rules import Pin, RowSettings, SurfaceSettings, Theme
from recsys.services.preview import Question
from recsys.services.theme_preview import MemberStatus, ThemeMember, statuses_of, theme_members

THUMBS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A surface on which a theme is placed, and the slots."""

    surface: str | None
    slots: Sequence[int]


@dataclass(frozen=True, slots=True)
class ThemeFacts:
    """A theme beside what the catalog, the draft and the surfaces make of it."""

    theme: Theme
    status: str
    change: str | None
    members: int
    available: int
    first: Sequence[ItemId]
    places: Sequence[Place]
    rows: Sequence[tuple[SurfaceSettings, RowSettings]]

    @property
    def thin(self) -> bool:
        """Whether too few members can be bought."""
        return self.available < waiting.FEWEST_MEMBERS


def facts_of(theme: Theme) -> ThemeFacts:
    """The facts of a theme of the draft."""
    members, available = ordered_members(theme), waiting.available_members(theme)
    shown = [each for each in members if each in available] or members
    return ThemeFacts(
        theme,
        status_of(theme),
        _change(theme),
        len(members),
        len(available),
        _pictures(theme, shown),
        places_of(theme),
        rows_of(theme),
    )


def ordered_members(theme: Theme) -> list[ItemId]:
    """Hand-picks first, then what the selector holds, without exclusions."""
    held = (
        context.state().catalog.members(theme.selector, context.now()) if theme.selector is not None else ()
    )
    excluded = set(theme.excluded)
    return [each for each in dict.fromkeys([*theme.picks, *held]) if each not in excluded]


def status_of(theme: Theme) -> str:
    """Where a theme stands: live, drafted, scheduled, expired or paused."""
    at, window = context.now(), theme.window
    if theme.paused:
        return "paused"
    if window.start is not None and at < window.start:
        return "scheduled"
    if window.end is not None and at >= window.end:
        return "expired"
    return "live" if theme.id in context.draft().live else "new"


def places_of(theme: Theme) -> list[Place]:
    """Where a theme is placed in the draft, by surface."""
    slots: dict[str | None, set[int]] = {}
    for pin in context.draft().rules.of(Pin):
        if pin.theme == theme.id:
            slots.setdefault(pin.scope.surface, set()).add(pin.slot)
    return [
        Place(surface, sorted(found))
        for surface, found in sorted(slots.items(), key=lambda each: each[0] or "")
    ]


def statuses(item_ids: Collection[ItemId], theme: Theme | None = None) -> Mapping[ItemId, MemberStatus]:
    """What keeps each item from shoppers, of whom nothing is known; nothing before the first run."""
    question = Question(surface=_seen_on(theme), at=context.now())
    try:
        return statuses_of(context.shop(), context.state(), item_ids, question)
    except Unavailable:
        return {}


def rows_of(theme: Theme) -> list[tuple[SurfaceSettings, RowSettings]]:
    """The rows of pages that show the theme, in the draft."""
    surfaces = context.draft().rules.of(SurfaceSettings)
    return [(surface, row) for surface in surfaces for row in surface.rows if row.theme == theme.id]


def _pictures(theme: Theme, shown: Sequence[ItemId]) -> list[ItemId]:
    """The cover first, where one is chosen."""
    cover = [] if theme.cover is None else [theme.cover]
    return list(dict.fromkeys([*cover, *shown]))[:THUMBS]


def members_for(theme: Theme, user: str | None, market: str | None) -> Sequence[ThemeMember]:
    """The members in the order in which this shopper would meet them."""
    question = Question(surface=_seen_on(theme), at=context.now(), user=user, market=market)
    return theme_members(context.shop(), context.state(), theme, question)


def _seen_on(theme: Theme | None) -> str:
    """A surface to look at the theme on: one that shows it, else the first of the shop."""
    placed = [place.surface for place in places_of(theme) if place.surface is not None] if theme else []
    surfaces = [surface.slug for surface in context.draft().rules.of(SurfaceSettings)]
    return next(iter([*placed, *(slug for slug in surfaces if slug == "home"), *surfaces]), "home")


def _change(theme: Theme) -> str | None:
    live = context.draft().live.get(theme.id)
    if live is None:
        return "new"
    return "changed" if live != theme else None
