"""A rule set compiled so that a request looks at the few rules that may concern it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import TypeVar

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.live import context_items, is_live, is_live_veto
from recsys.domain.requests import Request
from recsys.domain.rules import Boost, Pin, RowSettings, RuleSet, SurfaceSettings, Theme, Veto
from recsys.domain.scopes import Scope
from recsys.domain.views import Multiplier
from recsys.domain.windows import Window
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.targets import CompiledTargets, compile_targets

Place = tuple[str | None, str | None]
Plain = tuple[str | None, str | None, str | None]
R = TypeVar("R", Pin, Boost, Veto)


@dataclass(frozen=True, slots=True)
class Named:
    """What the rules of a set tell requests apart by; a request that differs in nothing else is treated alike.

    `moments` are the starts and ends of all windows, ascending. `contextual` are the rules for some context alone.
    """

    users: frozenset[str]
    segments: frozenset[str]
    markets: frozenset[str]
    moments: tuple[datetime, ...]
    contextual: tuple[Pin | Boost | Veto, ...]

    @classmethod
    def by(cls, rules: RuleSet) -> Named:
        """What the rules name that are not paused."""
        acting = [each for each in rules if not each.paused]
        scoped = [each for each in acting if isinstance(each, Pin | Boost | Veto)]
        themes = [each for each in acting if isinstance(each, Theme)]
        scopes = [each.scope for each in scoped]
        windows = [each.window for each in (*scoped, *themes)]
        markets = {scope.market for scope in scopes}.union(*(theme.titles for theme in themes))
        bounds = {bound for window in windows for bound in (window.start, window.end)}
        return cls(
            users=frozenset(scope.user for scope in scopes if scope.user is not None),
            segments=frozenset(scope.segment for scope in scopes if scope.segment is not None),
            markets=frozenset(market for market in markets if market is not None),
            moments=tuple(sorted(bound for bound in bounds if bound is not None)),
            contextual=tuple(each for each in scoped if _is_contextual(each.scope)),
        )


class RuleIndex:
    """What can be worked out of a rule set without a catalog: once for each release."""

    def __init__(self, rules: RuleSet, holdout_key: bytes) -> None:
        self.rules = rules
        self.holdout_key = holdout_key
        self.surfaces = {each.slug: each for each in rules.of(SurfaceSettings)}
        self.pins = _by_place(pin for pin in rules.of(Pin) if not pin.paused)
        self.boosts = _by_place(boost for boost in rules.of(Boost) if not boost.paused)
        self.places = {rule_id: place for place, rule_id in enumerate(sorted(rule.id for rule in rules))}
        acting: list[Pin | Boost] = [*rules.of(Pin), *rules.of(Boost)]
        self.measured = [rule for rule in acting if rule.holdout > 0 and not rule.paused]
        vetoes = [veto for veto in rules.of(Veto) if not veto.paused]
        self.plain_vetoes = _by_plain_scope(veto for veto in vetoes if _is_plain(veto))
        self.other_vetoes = _by_place(veto for veto in vetoes if not _is_plain(veto))
        self.vetoes = _by_place(vetoes)
        self.named = Named.by(rules)

    def at_place(self, by_place: dict[Place, list[R]], request: Request) -> Iterator[R]:
        """The rules of one kind that hold at the request's surface and row, or wherever."""
        return _placed(by_place, request)


class CompiledRules:
    """A rule index over one catalog; implements the merge's `RulesView`."""

    def __init__(self, index: RuleIndex, catalog: CompiledCatalog) -> None:
        self.index = index
        self.catalog = catalog
        self._vetoed: dict[Plain, CompiledTargets] = {}
        self._targets: dict[RuleId, CompiledTargets] = {}

    @property
    def rules(self) -> RuleSet:
        """The rules as they were written."""
        return self.index.rules

    def row(self, surface: str | None, name: str) -> RowSettings | None:
        """The settings of a row; the defaults without a surface; None when there is no such row."""
        if surface is None:
            return RowSettings(name=name)
        settings = self.index.surfaces.get(surface)
        return None if settings is None else settings.row(name)

    def rows(self, surface: str | None) -> tuple[RowSettings, ...]:
        """The rows of a surface from the top; none without a surface."""
        settings = None if surface is None else self.index.surfaces.get(surface)
        return () if settings is None else settings.rows

    def theme(self, rule_id: RuleId) -> Theme | None:
        """The theme with that rule id, live or not."""
        found = self.index.rules.get(rule_id)
        return found if isinstance(found, Theme) else None

    def pins(self, request: Request) -> Iterable[Pin]:
        """The live pins."""
        context = context_items(request, self.catalog)
        key = self.index.holdout_key
        return [pin for pin in _placed(self.index.pins, request) if is_live(pin, request, context, key)]

    def vetoed(self, request: Request) -> Callable[[ItemId], bool]:
        """Whether a live veto covers an item."""
        tests = [each.at(request.at) for each in self._plain_targets(request)]
        context = context_items(request, self.catalog)
        others = [
            each for each in _placed(self.index.other_vetoes, request) if is_live_veto(each, request, context)
        ]
        tests += [self._target_of(veto).at(request.at) for veto in others]
        if len(tests) < 2:
            return tests[0] if tests else _never
        return lambda item_id: any(test(item_id) for test in tests)

    def multiplier(self, request: Request) -> Multiplier | None:
        """The live boosts and buries, None when there are none."""
        live = self._live_boosts(request)
        if not live:
            return None
        parts = [(each.factor, self._target_of(each).at(request.at)) for each in live]
        return CompiledMultiplier(parts, any(each.scope.personal for each in live))

    def weighing(self, request: Request) -> Callable[[ItemId], tuple[Boost, ...]]:
        """The rules behind the multiplier of an item: its strongest live boost, then its strongest live bury.

        Of equally strong ones that with the lowest id. None act with `rules=off`.
        """
        live = self._live_boosts(request) if request.rules else []
        boosts = sorted((each for each in live if each.factor > 1), key=lambda each: (-each.factor, each.id))
        buries = sorted((each for each in live if each.factor < 1), key=lambda each: (each.factor, each.id))
        kinds = [[(each, self._target_of(each).at(request.at)) for each in kind] for kind in (boosts, buries)]

        def weigh(item_id: ItemId) -> tuple[Boost, ...]:
            firsts = (next((each for each, covers in kind if covers(item_id)), None) for kind in kinds)
            return tuple(each for each in firsts if each is not None)

        return weigh

    def _live_boosts(self, request: Request) -> list[Boost]:
        context = context_items(request, self.catalog)
        key = self.index.holdout_key
        return [each for each in _placed(self.index.boosts, request) if is_live(each, request, context, key)]

    def _target_of(self, rule: Boost | Veto) -> CompiledTargets:
        """What a rule covers over this catalog, resolved once."""
        targets = self._targets.get(rule.id)
        if targets is None:
            targets = self._targets[rule.id] = compile_targets([rule.target], self.catalog)
        return targets

    def _plain_targets(self, request: Request) -> Iterator[CompiledTargets]:
        """The vetoes that hold whenever surface, row and market match: resolved once over this catalog."""
        places = product({None, request.surface}, {None, request.row}, {None, request.market})
        for plain in places:
            vetoes = self.index.plain_vetoes.get(plain)
            if vetoes is None:
                continue
            targets = self._vetoed.get(plain)
            if targets is None:
                targets = compile_targets((veto.target for veto in vetoes), self.catalog)
                self._vetoed[plain] = targets
            yield targets


@dataclass(frozen=True, slots=True)
class CompiledMultiplier:
    """Live boosts and buries as pairs of a factor and a test."""

    parts: Sequence[tuple[float, Callable[[ItemId], bool]]]
    personal: bool

    def __call__(self, item_id: ItemId) -> float:
        """Strongest boost times strongest bury."""
        boost = bury = 1.0
        for factor, covers in self.parts:
            if covers(item_id):
                boost, bury = max(boost, factor), min(bury, factor)
        return boost * bury


def compile_rules(rules: RuleSet, catalog: CompiledCatalog, holdout_key: bytes) -> CompiledRules:
    """Compile a rule set over a catalog in one go."""
    return CompiledRules(RuleIndex(rules, holdout_key), catalog)


def _never(_item_id: ItemId) -> bool:
    return False


def _is_contextual(scope: Scope) -> bool:
    return scope.context_item is not None or scope.context_selector is not None


def _is_plain(veto: Veto) -> bool:
    """Whether only surface, row and market decide that it holds."""
    scope = veto.scope
    return veto.window == Window(zone=veto.window.zone) and scope == Scope(
        surface=scope.surface, row=scope.row, market=scope.market
    )


def _by_place(rules: Iterable[R]) -> dict[Place, list[R]]:
    found: dict[Place, list[R]] = defaultdict(list)
    for rule in rules:
        found[rule.scope.surface, rule.scope.row].append(rule)
    return dict(found)


def _by_plain_scope(vetoes: Iterable[Veto]) -> dict[Plain, list[Veto]]:
    found: dict[Plain, list[Veto]] = defaultdict(list)
    for veto in vetoes:
        found[veto.scope.surface, veto.scope.row, veto.scope.market].append(veto)
    return dict(found)


def _placed(by_place: dict[Place, list[R]], request: Request) -> Iterator[R]:
    places: set[Place] = {(None, None), (request.surface, None), (request.surface, request.row)}
    for place in places:
        yield from by_place.get(place, ())
