"""What will break: the rules replayed over the days to come, with the moment of each break.

A pure function over the rules, the catalog and the pace at which items sell. Nothing changes between two of the moments
that it looks at (a window's start or end, an item's last piece, an age that a selector asks for, a day of review), so a
break is what holds just before a moment and no longer at it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import TypeVar

from recsys.domain.conflicts import wider
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.live import theme_is_live
from recsys.domain.outlook import Audience, Outlook, Stock, Week
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import AnyRule, Boost, Pin, RuleSet, SurfaceSettings, Theme, Veto
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.slots import Held
from recsys.domain.windows import zone_of


class BreakKind(StrEnum):
    """What breaks."""

    GAP = "gap"
    EMPTY_ROW = "empty_row"
    NOT_THERE = "not_there"
    RUNS_OUT = "runs_out"
    THIN = "thin"
    ENDS = "ends"
    REVIEW = "review"


S = TypeVar("S")
ENOUGH_TO_SHARE = 2
NONE_WANTED: Mapping[RuleId, int] = MappingProxyType({})
_INSTANT = timedelta(microseconds=1)
_ORDER = {kind: place for place, kind in enumerate(BreakKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One thing that breaks at a moment.

    GAP: the slot that `rule` held stays without a pin. EMPTY_ROW: the row `row` of the surface `rule` is left out of the
    page. NOT_THERE: the pin `rule` begins and has nothing to show. RUNS_OUT: the item of the pin `rule` is sold out, and
    another pin takes its slot. THIN: the theme `rule` has `left` members to show where `needed` are wanted. ENDS: the
    window of `rule` is over. REVIEW: the day of review of `rule` begins.

    Attributes:
        item_id: the item that held the slot or runs out.
        by: the veto that takes the item away, or the theme that is over, where it is one of these.

    """

    at: datetime
    kind: BreakKind
    rule: AnyRule
    slot: int | None = None
    row: str | None = None
    item_id: ItemId | None = None
    left: int | None = None
    needed: int | None = None
    by: AnyRule | None = None


def breaks(
    rules: RuleSet, outlook: Outlook, at: datetime, until: datetime, *, zone: str, fewest: int
) -> list[Break]:
    """What breaks after `at` and up to `until`, by moment.

    Args:
        zone: where days of review begin.
        fewest: a theme with fewer members to show is thin; so is one with fewer than there are pins that place it.
    """
    replay = _Replay(rules, outlook, at, until, fewest)
    gaps = list(replay.gaps())
    told = {(each.at, each.rule.id) for each in gaps}
    found = [
        *gaps,
        *replay.empty_rows(),
        *replay.thin(),
        *replay.not_there(),
        *_reviews(rules, at, until, zone),
    ]
    rest = (*replay.sold_out(), *replay.ends())
    found += [each for each in rest if (each.at, each.rule.id) not in told]
    return sorted(
        found, key=lambda each: (each.at, _ORDER[each.kind], each.rule.id, each.slot or 0, each.row or "")
    )


class _Replay:
    """One replay: audiences, and how many members themes have for them, are worked out once."""

    def __init__(self, rules: RuleSet, outlook: Outlook, at: datetime, until: datetime, fewest: int) -> None:
        self.rules, self.outlook, self.at, self.until, self.fewest = rules, outlook, at, until, fewest
        self.week = Week(rules, outlook, at, until)
        self.pins = [pin for pin in rules.of(Pin) if not pin.paused]
        self._audiences: dict[Scope, Audience] = {}

    def audience(self, scope: Scope) -> Audience:
        if scope not in self._audiences:
            self._audiences[scope] = Audience(scope, self.week)
        return self._audiences[scope]

    def gaps(self) -> Iterator[Break]:
        """Slots that some pin holds for an audience and then none; told of the widest audience alone."""
        told: dict[tuple[datetime, int], list[Scope]] = defaultdict(list)
        for scope in sorted({pin.scope for pin in self.pins}, key=lambda each: sum(each.specificity())):
            audience = self.audience(scope)
            for before, after, moment in self._steps(self._moments_of(audience), audience.slots):
                for slot in before.keys() - after.keys():
                    wide = told[moment, slot]
                    if not any(wider(each, scope) for each in wide):
                        wide.append(scope)
                        yield self._gap(moment, audience, before[slot])

    def _gap(self, moment: datetime, audience: Audience, held: Held) -> Break:
        by: AnyRule | None = None
        if held.pin.window.holds(moment):
            theme = self.rules.get(held.pin.theme)
            if isinstance(theme, Theme) and not theme_is_live(theme, moment):
                by = theme
            else:
                by = audience.veto_of(held.item_id, moment)
        return Break(
            at=moment, kind=BreakKind.GAP, rule=held.pin, slot=held.pin.slot, item_id=held.item_id, by=by
        )

    def empty_rows(self) -> Iterator[Break]:
        """Rows of themes that a page shows and then leaves out."""
        for surface in self.rules.of(SurfaceSettings):
            for row in surface.rows:
                theme = self.rules.get(row.theme)
                if row.kind is RowKind.THEME and isinstance(theme, Theme):
                    yield from self._row_empties(surface, row, theme)

    def _row_empties(self, surface: SurfaceSettings, row: RowSettings, theme: Theme) -> Iterator[Break]:
        audience = self.audience(Scope(surface=surface.slug, row=row.name))
        needed = row.min_size + len(audience.pins) + 1
        moments = self._moments_of(audience, {theme.id: needed})

        def stands(at: datetime) -> bool:
            return _row_stands(row, theme, audience, at)

        for before, after, moment in self._steps(moments, stands):
            if before and not after:
                by = None if theme_is_live(theme, moment) else theme
                yield Break(at=moment, kind=BreakKind.EMPTY_ROW, rule=surface, row=row.name, by=by)

    def thin(self) -> Iterator[Break]:
        """Themes that have enough to show, or are not shown, and then have too little."""
        for theme in self.rules.of(Theme):
            if not theme.paused:
                yield from self._thins(theme)

    def _thins(self, theme: Theme) -> Iterator[Break]:
        needed = max(self.fewest, sum(pin.theme == theme.id for pin in self.pins))
        stock = Stock(theme, self.audience(EVERYWHERE), needed)

        def left(at: datetime) -> int | None:
            return min(stock.at(at), needed) if theme_is_live(theme, at) else None

        moments = stock.moments() | self.week.windows([theme])
        for before, after, moment in self._steps(moments, left):
            if after is not None and after < needed and (before is None or before >= needed):
                yield Break(at=moment, kind=BreakKind.THIN, rule=theme, left=after, needed=needed)

    def not_there(self) -> Iterator[Break]:
        """Pins that begin with nothing to show."""
        for pin in self.pins:
            start = pin.window.start
            if start is None or not self.at < start <= self.until:
                continue
            audience = self.audience(pin.scope)
            if not self._can_show(pin, audience, start):
                by = audience.veto_of(pin.item_id, start) if pin.item_id is not None else None
                yield Break(
                    at=start, kind=BreakKind.NOT_THERE, rule=pin, slot=pin.slot, item_id=pin.item_id, by=by
                )

    def _can_show(self, pin: Pin, audience: Audience, at: datetime) -> bool:
        if not audience.hears(pin, at):
            return False
        if pin.item_id is not None:
            return audience.shows(pin.item_id, at)
        theme = self.rules.get(pin.theme)
        return isinstance(theme, Theme) and theme_is_live(theme, at) and bool(audience.shown(theme, at, 1))

    def sold_out(self) -> Iterator[Break]:
        """Pinned items whose last piece goes while their pins hold."""
        for pin in self.pins:
            item = self.outlook.catalog.get(pin.item_id) if pin.item_id is not None else None
            gone = self.outlook.runs_out(item) if item is not None else None
            if item is None or gone is None or not self.at < gone <= self.until or not pin.window.holds(gone):
                continue
            held = self.audience(pin.scope).slots(gone - _INSTANT).get(pin.slot)
            if held is not None and held.pin.id == pin.id:
                yield Break(at=gone, kind=BreakKind.RUNS_OUT, rule=pin, slot=pin.slot, item_id=item.item_id)

    def ends(self) -> Iterator[Break]:
        """Rules whose window is over."""
        for rule in self.rules:
            if isinstance(rule, Pin | Veto | Boost | Theme) and not rule.paused:
                end = rule.window.end
                if end is not None and self.at < end <= self.until:
                    yield Break(at=end, kind=BreakKind.ENDS, rule=rule)

    def _steps(
        self, moments: Iterable[datetime], state_at: Callable[[datetime], S]
    ) -> Iterator[tuple[S, S, datetime]]:
        """What holds before and at each moment."""
        ordered = [self.at, *sorted(moments)]
        states = ((moment, state_at(moment)) for moment in ordered)
        for (_, before), (moment, after) in pairwise(states):
            yield before, after, moment

    def _moments_of(self, audience: Audience, wanted: Mapping[RuleId, int] = NONE_WANTED) -> set[datetime]:
        """When something may change in what pins, and themes of which so many members are `wanted`, show to an audience."""
        moments = self.week.windows([*audience.pins, *audience.vetoes])
        moments |= audience.aged_contexts([*audience.pins, *audience.vetoes])
        for pin in audience.pins:
            if pin.item_id is not None:
                moments |= {moment for moment, _shown in audience.changes(pin.item_id, None)[1:]}
        placed = {pin.theme: len(audience.pins) + 1 for pin in audience.pins if pin.theme is not None}
        themes = [each for each in map(self.rules.get, {**placed, **wanted}) if isinstance(each, Theme)]
        needed = {**placed, **wanted}
        stocks = {theme.id: Stock(theme, audience, needed[theme.id]) for theme in themes if not theme.paused}
        moments |= self.week.windows(themes)
        for stock in stocks.values():
            moments |= stock.moments()
        return moments | self._of_shared(audience, [each for each in themes if each.id in stocks], stocks)

    def _of_shared(
        self, audience: Audience, themes: Sequence[Theme], stocks: Mapping[RuleId, Stock]
    ) -> set[datetime]:
        """When a member comes or goes in a theme that may take what another, of which there is little, needs."""
        moments: set[datetime] = set()
        if len(themes) < ENOUGH_TO_SHARE or not any(stock.scarce for stock in stocks.values()):
            return moments
        members = {theme.id: dict(audience.members(theme)) for theme in themes}
        for theme in themes:
            others = [each for each in themes if each.id != theme.id and stocks[each.id].scarce]
            if any(not members[theme.id].keys().isdisjoint(members[each.id]) for each in others):
                for item_id, aged in members[theme.id].items():
                    moments |= {moment for moment, _shown in audience.changes(item_id, aged)[1:]}
        return moments


def _row_stands(row: RowSettings, theme: Theme, audience: Audience, at: datetime) -> bool:
    """Whether a page has the row: enough to show, and something of its theme that no pin put there."""
    if not theme_is_live(theme, at):
        return False
    pinned = {held.item_id for held in audience.slots(at).values()}
    members = set(audience.shown(theme, at, row.min_size + len(pinned) + 1))
    return bool(members - pinned) and len(members | pinned) >= row.min_size


def _reviews(rules: RuleSet, at: datetime, until: datetime, zone: str) -> Iterator[Break]:
    place = zone_of(zone)
    for rule in rules:
        if rule.review is not None:
            begins = datetime.combine(rule.review, time(), place).astimezone(UTC)
            if at < begins <= until:
                yield Break(at=begins, kind=BreakKind.REVIEW, rule=rule)
