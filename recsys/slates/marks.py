"""What single shoppers did lately, in a worker's memory: dislikes, purchases that no snapshot knows yet, recent items.

Bounds, so that memory cannot grow without end:

- a shopper's recent items are the latest `MOST_RECENT`;
- of a session the latest `MOST_OPINIONS` dislikes count, and a session that did nothing for
  `settings.session_days` is over: nothing is known of it any more;
- sessions, and users of whom nothing but recent items is known, are at most `MOST_SHOPPERS` each; those
  that were quiet for the longest go first.

What a user dislikes or has bought is never dropped.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from sys import intern

from recsys.domain.ids import ItemId
from recsys.storage.shoppers import SESSION, Opinion, Seen

MOST_RECENT = 50
MOST_OPINIONS = 1_000
MOST_SHOPPERS = 100_000
MOST_LOOKS = 500_000
"""How many rows of what shoppers did are read at the start of a process, the latest first."""

Key = tuple[str, str]
"""Kind of shopper (user or session), and id."""

NOTHING: frozenset[ItemId] = frozenset()
_NEVER = float("-inf")
_FEWEST_FRESH = 1_000
_FRESH_SHARE = 16


@dataclass(frozen=True, slots=True)
class Marks:
    """What one shopper did. `recent` holds (seconds since 1970 UTC, item), the latest first."""

    disliked: frozenset[ItemId] = NOTHING
    bought: frozenset[ItemId] = NOTHING
    recent: tuple[tuple[float, ItemId], ...] = ()
    last: float = _NEVER

    @property
    def lasting(self) -> bool:
        """Whether it may not be dropped for want of room."""
        return bool(self.disliked or self.bought)


UNMARKED = Marks()


@dataclass(slots=True)
class _Draft:
    """Marks under construction."""

    disliked: dict[ItemId, float]
    bought: set[ItemId]
    recent: dict[ItemId, float]
    last: float

    @classmethod
    def of(cls, marks: Marks) -> _Draft:
        disliked = dict.fromkeys(marks.disliked, _NEVER)
        return cls(disliked, set(marks.bought), {item: at for at, item in marks.recent}, marks.last)

    def hear(self, opinion: Opinion) -> None:
        item, at = ItemId(intern(opinion.item_id)), opinion.at.timestamp()
        if opinion.disliked:
            self.disliked[item] = at
        else:
            self.disliked.pop(item, None)
        self.last = max(self.last, at)

    def see(self, seen: Seen) -> None:
        item, at = ItemId(intern(seen.item_id)), seen.at.timestamp()
        if seen.bought:
            self.bought.add(item)
        self.recent[item] = max(at, self.recent.get(item, _NEVER))
        self.last = max(self.last, at)

    def marks(self, kind: str) -> Marks:
        latest = heapq.nsmallest(MOST_RECENT, ((-at, item) for item, at in self.recent.items()))
        disliked: Iterable[ItemId] = self.disliked
        if kind == SESSION and len(self.disliked) > MOST_OPINIONS:
            disliked = heapq.nlargest(MOST_OPINIONS, self.disliked, key=lambda item: self.disliked[item])
        return Marks(
            disliked=frozenset(disliked) or NOTHING,
            bought=frozenset(self.bought) or NOTHING,
            recent=tuple((-at, item) for at, item in latest),
            last=self.last,
        )


@dataclass(frozen=True, slots=True)
class ShopperMarks:
    """The marks of all shoppers at one revision of the event line. Immutable.

    New marks lie in a small mapping above a large one, so that taking in a few events does not copy what
    is known of everyone; now and then both become one.

    `floor`: purchases of users told up to that revision are in the snapshots and not here.
    """

    revision: int = -1
    floor: int = 0
    settled: Mapping[Key, Marks] = field(default_factory=dict)
    fresh: Mapping[Key, Marks] = field(default_factory=dict)

    def of(self, kind: str, shopper: str | None) -> Marks:
        """The marks of a user or a session."""
        if shopper is None:
            return UNMARKED
        key = (kind, shopper)
        return self.fresh.get(key) or self.settled.get(key, UNMARKED)

    def __len__(self) -> int:
        return len(self.settled.keys() | self.fresh.keys()) if self.fresh else len(self.settled)

    def __iter__(self) -> Iterator[Key]:
        """Everybody of whom something is known."""
        return iter(self.settled.keys() | self.fresh.keys())

    @classmethod
    def loaded(
        cls, revision: int, floor: int, opinions: Iterable[Opinion], seen: Iterable[Seen]
    ) -> ShopperMarks:
        """From everything that there is."""
        everyone = _taken_in(cls(), opinions, seen)
        return cls(revision, floor, _within_bounds(everyone, _NEVER))

    def updated(
        self, revision: int, opinions: Iterable[Opinion], seen: Iterable[Seen], sessions_since: datetime
    ) -> ShopperMarks:
        """With what changed since this revision; sessions quiet since a moment may be dropped."""
        fresh = {**self.fresh, **_taken_in(self, opinions, seen)}
        if len(fresh) <= max(_FEWEST_FRESH, len(self.settled) // _FRESH_SHARE):
            return replace(self, revision=revision, fresh=fresh)
        settled = _within_bounds({**self.settled, **fresh}, sessions_since.timestamp())
        return replace(self, revision=revision, settled=settled, fresh={})


def _taken_in(before: ShopperMarks, opinions: Iterable[Opinion], seen: Iterable[Seen]) -> dict[Key, Marks]:
    """The marks of those of whom something is told."""
    drafts: dict[Key, _Draft] = {}
    told: Iterable[Opinion | Seen] = chain(opinions, seen)
    for each in told:
        key = (each.kind, each.shopper)
        draft = drafts.get(key)
        if draft is None:
            draft = drafts[key] = _Draft.of(before.of(*key))
        if isinstance(each, Opinion):
            draft.hear(each)
        else:
            draft.see(each)
    return {key: draft.marks(key[0]) for key, draft in drafts.items()}


def _within_bounds(everyone: Mapping[Key, Marks], sessions_since: float) -> dict[Key, Marks]:
    """Without the sessions that are over, and without the longest quiet of the rest where they are too many."""
    kept = {
        key: marks
        for key, marks in everyone.items()
        if marks.lasting or marks.recent
        if key[0] != SESSION or marks.last >= sessions_since
    }
    sessions = [(marks.last, key) for key, marks in kept.items() if key[0] == SESSION]
    users = [(marks.last, key) for key, marks in kept.items() if key[0] != SESSION and not marks.lasting]
    for droppable in (sessions, users):
        for _, key in heapq.nsmallest(len(droppable) - MOST_SHOPPERS, droppable):
            del kept[key]
    return kept
