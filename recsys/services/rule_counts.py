"""What each rule brings: counted from events by the answers that they follow."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from recsys.domain.events import Event, EventType
from recsys.domain.ids import RuleId
from recsys.domain.rules import AnyRule
from recsys.services.shop import Shop
from recsys.storage.rule_counts import PLACED, WITH, WITHOUT, RuleCount

_RELEASES = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What shoppers did; `value` is the money of their purchases."""

    impressions: int = 0
    clicks: int = 0
    purchases: int = 0
    value: float = 0.0

    @property
    def any(self) -> bool:
        """Whether anything was counted."""
        return self != NO_OUTCOME

    @property
    def click_rate(self) -> float | None:
        """Clicks an impression; None without impressions."""
        return self.clicks / self.impressions if self.impressions else None

    @property
    def value_rate(self) -> float | None:
        """Money an impression; None without impressions."""
        return self.value / self.impressions if self.impressions else None


NO_OUTCOME = Outcome()


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What came of a rule.

    Attributes:
        rule_id: the rule, which may have been removed since.
        rule: as it is published now; None when it is not any more.
        placed: of the items at the slots that it filled.
        acted: of all items in the answers of shoppers for whom it acted; counted for rules with a holdout.
        held_out: the same for shoppers for whom it did not act.

    """

    rule_id: RuleId
    rule: AnyRule | None
    placed: Outcome
    acted: Outcome
    held_out: Outcome

    @property
    def measured(self) -> bool:
        """Whether there is something to compare."""
        return self.acted.any or self.held_out.any


def rule_outcomes(shop: Shop, days: int) -> list[RuleOutcome]:
    """What came of each rule in the last `days` (of arrival, UTC, today included), by rule id."""
    first = shop.clock().date() - timedelta(days=days - 1)
    with shop.database.read() as unit:
        counts, live = unit.rule_counts.since(first), unit.state.pointer().release
        rules = {} if live is None else {rule.id: rule for rule in unit.releases.rules(live)}
    arms: dict[RuleId, dict[str, list[RuleCount]]] = defaultdict(lambda: defaultdict(list))
    for each in counts:
        arms[each.rule_id][each.arm].append(each)
    return [
        RuleOutcome(
            rule_id,
            rules.get(rule_id),
            *(_outcome(arms[rule_id].get(arm, ())) for arm in (PLACED, WITH, WITHOUT)),
        )
        for rule_id in sorted(arms)
    ]


def counts_of(events: Iterable[Event]) -> list[RuleCount]:
    """What events add to the counts of rules, each rule, arm and type once, in a fixed order."""
    found: dict[tuple[RuleId, str, EventType], tuple[int, float]] = {}
    for event in events:
        for rule_id, arm in _arms(event):
            count, value = found.get((rule_id, arm, event.type), (0, 0.0))
            found[rule_id, arm, event.type] = (count + 1, value + (event.value or 0.0))
    return [RuleCount(*key, *sums) for key, sums in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class RuleNames:
    """The rules of releases by their place in the sorted list of ids; a release never changes, so they are kept."""

    shop: Shop
    _kept: OrderedDict[int, Sequence[RuleId]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, release: int) -> Sequence[RuleId]:
        """The ids of a release's rules, sorted; none for a release that is not known here."""
        with self._lock:
            found = self._kept.get(release)
        if found is None:
            with self.shop.database.read() as unit:
                found = unit.releases.rule_ids(release)
            with self._lock:
                self._kept[release] = found
                while len(self._kept) > _RELEASES:
                    self._kept.popitem(last=False)
        return found


def _arms(event: Event) -> Iterable[tuple[RuleId, str]]:
    if event.followed.placed is not None:
        yield event.followed.placed, PLACED
    for rule_id in event.followed.acted:
        yield rule_id, WITH
    for rule_id in event.followed.held_out:
        yield rule_id, WITHOUT


def _outcome(counts: Iterable[RuleCount]) -> Outcome:
    by_type: Mapping[EventType, RuleCount] = {each.type: each for each in counts}

    def events(kind: EventType) -> int:
        return by_type[kind].events if kind in by_type else 0

    bought = by_type.get(EventType.PURCHASE)
    return Outcome(
        impressions=events(EventType.IMPRESSION),
        clicks=events(EventType.CLICK),
        purchases=events(EventType.PURCHASE),
        value=0.0 if bought is None else bought.value,
    )
