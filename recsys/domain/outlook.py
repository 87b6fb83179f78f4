"""The shop as it will be: what can be bought at a later moment if sales go on as they do, and when that changes."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from recsys.domain.catalog import Item
from recsys.domain.eligibility import Test
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.live import scope_matches, theme_is_live
from recsys.domain.nobody import NOBODY
from recsys.domain.requests import Request
from recsys.domain.rules import MAIN, Pin, RuleSet, Theme, ThemeOrder, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector
from recsys.domain.slots import Held, resolve_slots
from recsys.domain.themes import head_size
from recsys.domain.views import CatalogView


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is asked of the catalog, now and later.

    Attributes:
        catalog: as merge reads it, with the stock that there is now.
        held: the items that a selector holds when its age part is left out.
        runs_out: when the last piece of an item will be sold at the present rate; None where it will not, or where stock
            or sales are not counted.
        aged: selectors with an age in whatever else takes items away: the takedowns.

    """

    catalog: CatalogView
    held: Callable[[Selector], Collection[ItemId]]
    runs_out: Callable[[Item], datetime | None]
    aged: Sequence[Selector] = ()

    def turns(self, item_id: ItemId, selectors: Iterable[Selector]) -> Iterator[datetime]:
        """The moments at which an item runs out, or comes to an age at which a selector takes or leaves it."""
        item = self.catalog.get(item_id)
        if item is None:
            return
        gone = self.runs_out(item)
        if gone is not None:
            yield gone
        for selector in selectors:
            ages = (selector.min_age_days, selector.max_age_days)
            if item.added_at is not None and selector.matches_apart_from_age(item):
                yield from (item.added_at + timedelta(days=age) for age in ages if age is not None)


class Week:
    """The days from `at` to `until` under some rules: what all audiences share, worked out once."""

    def __init__(self, rules: RuleSet, outlook: Outlook, at: datetime, until: datetime) -> None:
        self.rules, self.outlook, self.at, self.until = rules, outlook, at, until
        self._vetoes = [(veto, _held(veto, outlook)) for veto in rules.of(Veto) if not veto.paused]
        self._may: dict[ItemId, list[Veto]] = {}
        self._tests: dict[str | None, Test] = {}

    def vetoes_on(self, item_id: ItemId) -> list[Veto]:
        """The vetoes that hold an item at some moment."""
        if item_id not in self._may:
            self._may[item_id] = [veto for veto, held in self._vetoes if item_id in held]
        return self._may[item_id]

    def available(self, item: Item, market: str | None, at: datetime) -> bool:
        """Whether an item can be bought in `market` at the moment `at`."""
        if self.outlook.aged:
            test = self.outlook.catalog.sellable(market, at)
        else:
            test = self._tests.get(market) or self._tests.setdefault(
                market, self.outlook.catalog.sellable(market, self.at)
            )
        if not test(item.item_id):
            return False
        gone = self.outlook.runs_out(item)
        return gone is None or at < gone

    def windows(self, rules: Iterable[Pin | Veto | Theme]) -> set[datetime]:
        """The starts and ends in these days."""
        ends = (each for rule in rules for each in (rule.window.start, rule.window.end))
        return self.within(each for each in ends if each is not None)

    def within(self, moments: Iterable[datetime]) -> set[datetime]:
        """Those after the beginning and up to the end."""
        return {each for each in moments if self.at < each <= self.until}


class Audience:
    """Those for whom a scope speaks, about whom nothing else is known, and the rules that reach them.

    `context` is the scope's own item, else the first that its selector holds.
    """

    def __init__(self, scope: Scope, week: Week) -> None:
        self.scope, self.week = scope, week
        self.context = _context(scope, week.outlook, week.at)
        self._barred = {item.item_id for item in self.context}
        asked = self.request(week.at)
        rules = week.rules
        self.pins = [pin for pin in rules.of(Pin) if not pin.paused and self._reaches(pin, asked)]
        self.vetoes = [veto for veto in rules.of(Veto) if not veto.paused and self._reaches(veto, asked)]
        self._veto_ids = {veto.id for veto in self.vetoes}
        self._known: dict[tuple[ItemId, Selector | None], list[tuple[datetime, bool]]] = {}

    def _reaches(self, rule: Pin | Veto, asked: Request) -> bool:
        """Whether a rule can reach them at some moment; a context that is told by age may change with it."""
        scope = rule.scope
        if _ages(scope):
            scope = Scope(scope.surface, scope.row, None, None, scope.market, scope.segment, scope.user)
        return scope_matches(scope, asked, self.context)

    def request(self, at: datetime) -> Request:
        """What they ask at a moment."""
        scope = self.scope
        return Request(
            at=at,
            surface=scope.surface,
            row=scope.row or MAIN,
            user=scope.user,
            market=scope.market,
            segments=frozenset(() if scope.segment is None else (scope.segment,)),
            context=tuple(item.item_id for item in self.context),
        )

    def hears(self, pin: Pin, at: datetime) -> bool:
        """Whether a pin speaks to them at a moment; one beside items of which there are none speaks to nobody."""
        return pin in self.pins and self._acts(pin, at)

    def shows(self, item_id: ItemId, at: datetime) -> bool:
        """Whether an item can be shown to them at a moment."""
        item = self.week.outlook.catalog.get(item_id)
        if item is None or item_id in self._barred or not self.week.available(item, self.scope.market, at):
            return False
        return self.veto_of(item_id, at) is None

    def veto_of(self, item_id: ItemId, at: datetime) -> Veto | None:
        """The veto that keeps an item from them at a moment, None when there is none."""
        item = self.week.outlook.catalog.get(item_id)
        if item is None:
            return None
        found = (veto for veto in self._vetoes_on(item_id) if self._acts(veto, at))
        return next((veto for veto in found if veto.target.matches(item, at)), None)

    def slots(self, at: datetime) -> dict[int, Held]:
        """Which pin holds which slot for them at a moment, by the law of the merge."""
        live = [pin for pin in self.pins if self._acts(pin, at)]
        themes = _Shortened(self, len(live) + 1, at)
        catalog = self.week.outlook.catalog

        def eligible(item_id: ItemId) -> bool:
            return self._was_shown(item_id, None, at)

        return resolve_slots(live, NOBODY, themes, self.request(at), catalog, eligible)

    def members(self, theme: Theme) -> Iterator[tuple[ItemId, Selector | None]]:
        """Whatever is a member of a theme at some moment, in the theme's order: with the selector that its age must suit."""
        ruled = self.week.outlook.held(theme.selector) if theme.selector is not None else ()
        excluded, picks = set(theme.excluded), set(theme.picks)
        if theme.order is ThemeOrder.MODEL or theme.head is not None:
            # Whose order is the model's goes by id among those of whom nothing is known, so picks and others mix.
            head = [each for each in theme.picks if each not in excluded][: head_size(theme, theme.picks)]
            order = [*head, *sorted(({*ruled, *picks} - excluded).difference(head))]
        else:
            order = [
                *(each for each in theme.picks if each not in excluded),
                *sorted({*ruled} - excluded - picks),
            ]
        aged = theme.selector if theme.selector is not None and theme.selector.has_age else None
        return ((each, None if each in picks else aged) for each in order)

    def shown(self, theme: Theme, at: datetime, most: int) -> list[ItemId]:
        """The first members of a theme that can be shown to them at a moment, at most `most`."""
        found = (each for each, aged in self.members(theme) if self._was_shown(each, aged, at))
        return list(islice(found, most))

    def changes(self, item_id: ItemId, aged: Selector | None) -> list[tuple[datetime, bool]]:
        """Whether a member of a theme is shown from the beginning, and each moment at which that changes.

        `aged`: the selector that its age must suit; None for what is there whatever its age, such as a pinned item.
        """
        if (item_id, aged) not in self._known:
            self._known[item_id, aged] = self._changes(item_id, aged)
        return self._known[item_id, aged]

    def _was_shown(self, item_id: ItemId, aged: Selector | None, at: datetime) -> bool:
        return [shown for moment, shown in self.changes(item_id, aged) if moment <= at][-1]

    def _changes(self, item_id: ItemId, aged: Selector | None) -> list[tuple[datetime, bool]]:
        on = self._vetoes_on(item_id)
        selectors = [
            each
            for each in (aged, *(veto.target.selector for veto in on))
            if each is not None and each.has_age
        ]
        turns = self.week.within(self.week.outlook.turns(item_id, [*self.week.outlook.aged, *selectors]))
        contexts = self.aged_contexts(on)
        found: list[tuple[datetime, bool]] = []
        for moment in (self.week.at, *sorted(turns | self.week.windows(on) | contexts)):
            shown = self._is_shown(item_id, aged, moment)
            if not found or found[-1][1] != shown:
                found.append((moment, shown))
        return found

    def aged_contexts(self, rules: Iterable[Pin | Veto]) -> set[datetime]:
        """When the context comes to an age at which a rule begins or ceases to reach them."""
        selectors = [rule.scope.context_selector for rule in rules if _ages(rule.scope)]
        known = [each for each in selectors if each is not None]
        turns = (turn for item in self.context for turn in self.week.outlook.turns(item.item_id, known))
        return self.week.within(turns) if known else set()

    def _is_shown(self, item_id: ItemId, aged: Selector | None, at: datetime) -> bool:
        if aged is not None:
            item = self.week.outlook.catalog.get(item_id)
            if item is None or not aged.matches_age(item, at):
                return False
        return self.shows(item_id, at)

    def _vetoes_on(self, item_id: ItemId) -> list[Veto]:
        return [veto for veto in self.week.vetoes_on(item_id) if veto.id in self._veto_ids]

    def _acts(self, rule: Pin | Veto, at: datetime) -> bool:
        return rule.window.holds(at) and (
            not _ages(rule.scope) or scope_matches(rule.scope, self.request(at), self.context)
        )


class Stock:
    """How many members a theme can show to an audience, over the week.

    `scarce`: whether they are fewer than `needed` at some moment, or might be; else they are not counted.
    """

    def __init__(self, theme: Theme, audience: Audience, needed: int) -> None:
        self.needed = needed
        self.scarce = True
        self._moments: list[datetime] = [audience.week.at]
        self._counts: list[int] = [0]
        deltas: dict[datetime, int] = defaultdict(int)
        steady = 0
        for item_id, aged in audience.members(theme):
            changes = audience.changes(item_id, aged)
            steady += len(changes) == 1 and changes[0][1]
            if steady >= needed:
                self.scarce = False
                return
            for place, (moment, shown) in enumerate(changes):
                if place or shown:
                    deltas[moment] += 1 if shown else -1
        for moment in sorted(deltas):
            if moment == audience.week.at:
                self._counts[0] = deltas[moment]
            else:
                self._moments.append(moment)
                self._counts.append(self._counts[-1] + deltas[moment])

    def at(self, moment: datetime) -> int:
        """How many there are at a moment; `needed` where there are always more than enough."""
        return self._counts[bisect_right(self._moments, moment) - 1] if self.scarce else self.needed

    def moments(self) -> set[datetime]:
        """When the number changes and is too small before or after."""
        pairs = zip(self._moments[1:], self._counts, self._counts[1:], strict=False)
        return {moment for moment, before, after in pairs if min(before, after) < self.needed}


@dataclass(frozen=True, slots=True)
class _Shortened:
    """Rules as slots are filled from them, each theme with no more members than there are pins to take them."""

    audience: Audience
    most: int
    at: datetime

    def theme(self, rule_id: RuleId) -> Theme | None:
        theme = self.audience.week.rules.get(rule_id)
        if not isinstance(theme, Theme):
            return None
        picks = tuple(self.audience.shown(theme, self.at, self.most)) if theme_is_live(theme, self.at) else ()
        return replace(theme, picks=picks, selector=None, excluded=(), order=ThemeOrder.BY_HAND)


def _ages(scope: Scope) -> bool:
    return scope.context_selector is not None and scope.context_selector.has_age


def _held(veto: Veto, outlook: Outlook) -> Collection[ItemId]:
    if veto.target.selector is not None:
        return frozenset(outlook.held(veto.target.selector))
    return () if veto.target.item_id is None else (veto.target.item_id,)


def _context(scope: Scope, outlook: Outlook, at: datetime) -> list[Item]:
    if scope.context_item is not None:
        found = outlook.catalog.get(scope.context_item)
        return [] if found is None else [found]
    if scope.context_selector is None:
        return []
    members = outlook.catalog.members(scope.context_selector, at)
    first = outlook.catalog.get(members[0]) if members else None
    return [] if first is None else [first]
