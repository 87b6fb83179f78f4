"""All that an answer needs and no shopper changes, compiled for one place, market and stretch of time.

A scene is worked out when the first request needs it, and read by all that differ from that request in the
shopper alone. Item numbers are those of the catalog's columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.domain.holdout import held_out
from recsys.domain.ids import RuleId
from recsys.domain.live import context_items, is_live_but_for_holdout, is_live_veto
from recsys.domain.organic import POPULAR, POPULAR_HERE, REST
from recsys.domain.requests import Request
from recsys.domain.rules import Boost, Pin, RowSettings, Theme, Veto
from recsys.domain.selectors import Target
from recsys.slates.columns import Columns, Mask, Numbers, microseconds
from recsys.slates.plan import Plan, plan_pins
from recsys.slates.rules import RuleIndex
from recsys.slates.shelf import Shelf

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_VARIANTS = 64

R = TypeVar("R", Pin, Boost)
Factors = NDArray[np.float64]
Tier = tuple[str, Numbers]


@dataclass(frozen=True, eq=False)
class Acting:
    """What acts on shoppers that are in the same holdouts.

    Attributes:
        plan: the pins.
        factors: float64 over item numbers, and 1 for `NOBODY`; None without boosts.
        personal: whether a boost for a user or a segment is among them.

    """

    shelf: Shelf
    market: str | None
    eligible: Mask
    plan: Plan
    factors: Factors | None
    personal: bool

    @cached_property
    def fallback(self) -> Sequence[Tier]:
        """What fills up a main row, tier by tier: eligible numbers, best first."""
        tiers = [] if self.market is None else [(POPULAR_HERE, self._popular(self.market))]
        return [*tiers, (POPULAR, self._popular(None)), (REST, self._rest())]

    def _popular(self, market: str | None) -> Numbers:
        numbers, scores = self.shelf.popular(market)
        if self.factors is not None:
            order = np.lexsort((self.shelf.id_order[numbers], -(scores * self.factors[numbers])))
            numbers = numbers[order]
        return self._left(numbers)

    def _rest(self) -> Numbers:
        numbers = self.shelf.by_id
        if self.factors is not None:
            numbers = numbers[np.argsort(-self.factors[numbers], kind="stable")]
        return self._left(numbers)

    def _left(self, numbers: Numbers) -> Numbers:
        return numbers[self.eligible[numbers]]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One place, market and stretch of time.

    Attributes:
        request: the first request that asked for the scene.
        since, until: when it holds: `[since, until)`, UTC.
        eligible: one byte an item number: 1 where law 1 lets the item in, as far as neither the shopper nor the
            request's own filters matter. The last byte, for `NOBODY`, is 0.
        trials: the live pins and boosts that have a holdout.
        everyone: what acts on shoppers that are in no holdout.

    """

    shelf: Shelf
    request: Request
    row: RowSettings
    since: datetime
    until: datetime
    eligible: bytes
    trials: Sequence[Pin | Boost]
    everyone: Acting
    _compiler: SceneCompiler
    _variants: dict[frozenset[RuleId], Acting] = field(default_factory=dict)

    def holds(self, at: datetime) -> bool:
        """Whether nothing has changed at a moment, nor was different then."""
        return self.since <= at < self.until

    def acting(self, shopper: str | None, key: bytes) -> Acting:
        """What acts on a shopper: all, without the rules whose holdout the shopper is in."""
        if not self.trials or shopper is None:
            return self.everyone
        left_out = frozenset(each.id for each in self.trials if held_out(each.id, shopper, each.holdout, key))
        if not left_out:
            return self.everyone
        found = self._variants.get(left_out)
        if found is None:
            found = self._compiler.acting(left_out)
            # Many trials at once make too many combinations to keep.
            if len(self._variants) < _VARIANTS:
                self._variants[left_out] = found
        return found


@dataclass(frozen=True, eq=False)
class SceneCompiler:
    """The rules that are live for a request but for holdouts, on their way to a scene."""

    shelf: Shelf
    index: RuleIndex
    request: Request
    takedowns: Sequence[Target]

    def scene(self, row: RowSettings) -> Scene:
        """Compile."""
        since, until = self._span()
        return Scene(
            shelf=self.shelf,
            request=self.request,
            row=row,
            since=since,
            until=until,
            eligible=self._eligible.tobytes(),
            trials=self._trials(),
            everyone=self.acting(),
            _compiler=self,
        )

    def acting(self, left_out: frozenset[RuleId] = frozenset()) -> Acting:
        """What acts when some rules are left out."""
        boosts = [each for each in self._boosts if each.id not in left_out]
        pins = [each for each in self._pins if each.id not in left_out]
        return Acting(
            shelf=self.shelf,
            market=self.request.market,
            eligible=self._eligible,
            plan=plan_pins(pins, self._theme_of, self.shelf, self.request, self._eligible),
            factors=self._factors(boosts) if boosts else None,
            personal=any(each.scope.personal for each in boosts),
        )

    @cached_property
    def _pins(self) -> list[Pin]:
        return self._live(self.index.at_place(self.index.pins, self.request)) if self.request.rules else []

    @cached_property
    def _boosts(self) -> list[Boost]:
        return self._live(self.index.at_place(self.index.boosts, self.request)) if self.request.rules else []

    def _trials(self) -> list[Pin | Boost]:
        trials: list[Pin | Boost] = [each for each in self._pins if each.holdout > 0]
        trials += [each for each in self._boosts if each.holdout > 0]
        return trials

    def _live(self, rules: Iterable[R]) -> list[R]:
        context = context_items(self.request, self.shelf.catalog)
        return [each for each in rules if is_live_but_for_holdout(each, self.request, context)]

    @cached_property
    def _vetoes(self) -> list[Veto]:
        context = context_items(self.request, self.shelf.catalog)
        there = self.index.at_place(self.index.vetoes, self.request)
        return [each for each in there if is_live_veto(each, self.request, context)]

    @property
    def _columns(self) -> Columns:
        return self.shelf.columns

    @cached_property
    def _eligible(self) -> Mask:
        """Law 1 over item numbers, with False for `NOBODY` at the end."""
        open_to_all = self._columns.stocked & self._columns.sold_in(self.request.market)
        barred = self._covered([*self.takedowns, *(veto.target for veto in self._vetoes)])
        return np.append(open_to_all & ~barred, False)

    def _covered(self, targets: Sequence[Target]) -> Mask:
        numbers = self._columns.numbers
        ids = (each.item_id for each in targets if each.item_id is not None)
        mask = self._columns.mask_of(numbers[each] for each in ids if each in numbers)
        # Many vetoes may share a selector.
        for selector in {each.selector for each in targets if each.selector is not None}:
            mask |= self._columns.held(selector, self.request.at)
        return mask

    def _factors(self, boosts: Sequence[Boost]) -> Factors:
        """Strongest boost times strongest bury."""
        boost, bury = np.ones(len(self._columns)), np.ones(len(self._columns))
        for each in boosts:
            covered = self._covered([each.target])
            boost[covered] = np.maximum(boost[covered], each.factor)
            bury[covered] = np.minimum(bury[covered], each.factor)
        return np.append(boost * bury, 1.0)

    def _theme_of(self, pin: Pin) -> Theme | None:
        found = self.index.rules.get(pin.theme)
        return found if isinstance(found, Theme) else None

    def _span(self) -> tuple[datetime, datetime]:
        """The stretch of time around the request in which no window opens or closes and no item comes of age."""
        at = microseconds(self.request.at)
        windows = np.array([microseconds(each) for each in self.index.named.moments], np.int64)
        times = np.concatenate([windows, *self._comings_of_age()])
        since = times[times <= at].max(initial=microseconds(_FIRST))
        until = times[times > at].min(initial=microseconds(_LAST))
        return _moment(since), _moment(until)

    def _comings_of_age(self) -> Iterator[NDArray[np.int64]]:
        """When items come to the ages that live selectors name."""
        themes = [theme for pin in self._pins if (theme := self._theme_of(pin)) is not None]
        targets = [*self.takedowns, *(each.target for each in self._vetoes)]
        targets += [each.target for each in self._boosts]
        for selector in {each.selector for each in targets} | {each.selector for each in themes}:
            for days in (selector.min_age_days, selector.max_age_days) if selector is not None else ():
                if days is not None and selector is not None:
                    yield self._columns.comings_of_age(selector, days)


def _moment(microsecond: np.int64) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microsecond))
