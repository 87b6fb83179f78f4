"""Plain requests: the first page of what the model has for a shopper whom it knows, under pins, themes and vetoes.

They are most of what a shop asks, and differ in the shopper alone, so who holds which slot and which candidates fill the
rest is found in a compiled loop (`loops.lay_page`). What is not plain (context, filters, further pages, fallback),
`lean.lay` answers; tests hold every plain answer equal to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from threading import local
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.slates.columns import NOBODY, Numbers
from recsys.slates.compiling import still
from recsys.slates.loops import (
    Common,
    Contenders,
    Ground,
    Page,
    People,
    Room,
    lay_page,
    lay_page_of,
    standing,
    table,
)
from recsys.slates.plan import Held, Members, Plan
from recsys.slates.scene import Acting, Factors, Scene
from recsys.slates.shelf import Shelf
from recsys.snapshots.mapped import Ranked, Snapshot

_NO_NUMBERS: Numbers = still(np.empty(0, np.int32))
_AS_THEY_COME: NDArray[np.int64] = np.empty(0, np.int64)
_MOST_CASTS = 64
MOST_SLOTS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The pins that act on some shoppers.

    `standing` has them for the loop, with the ground and the people; `held` are the same pins, item or theme, without
    who fills a slot. `ranked` is how many members of themes vectors order.
    """

    standing: Any
    held: Sequence[Held]
    ranked: int

    @classmethod
    def of(cls, plan: Plan, ground: Ground, people: People) -> Cast:
        """The cast of a plan."""
        on_items = [each for _, contenders in plan.items for each in contenders]
        on_themes = [(slot, *each) for slot, contenders in plan.themes for each in contenders]
        themes = list({members.theme.id: members for _, _, members in on_themes}.values())
        order = {members.theme.id: n for n, members in enumerate(themes)}
        held = [
            *on_items,
            *(Held(NOBODY, slot, pin, members.theme) for slot, pin, members in on_themes),
        ]
        which = [each.number for each in on_items] + [order[each.theme.id] for _, _, each in on_themes]
        contenders = Contenders(
            slots=np.array([each.slot for each in held], np.int32),
            numbers=np.array(which, np.int32),
            items=len(on_items),
            **_joined(themes, people.vectors.shape[1]),
        )
        return cls(standing(Common(ground, people, contenders)), held, contenders.vectors.shape[1])


class Space:
    """Room for pages under casts of some size."""

    def __init__(self, contenders: int, ranked: int) -> None:
        self.contenders = contenders
        self.ranked = ranked
        self.room = Room(
            page=np.empty((MOST_SLOTS, 3), np.int32),
            held=np.empty((contenders, 3), np.int32),
            pins=np.empty(contenders, np.int32),
            organic=np.empty((MOST_SLOTS + 1, 2), np.int32),
            unpinned=np.empty((MOST_SLOTS + 1, 2), np.int32),
            products=np.empty(ranked),
        )
        self.table = table(self.room)
        self.pins = self.room.pins.data


class PlainPage(NamedTuple):
    """A page of some slots in item numbers; more follows on the next.

    It lies in `space.room.page`, where the next page of this thread will lie. `pins` are the places in `cast.held` of the
    pins on the page, by slot, four bytes each; `row` is the shopper's.
    """

    slots: int
    pins: bytes
    row: int
    cast: Cast
    space: Space

    @property
    def numbers(self) -> Page:
        """The page, int32 [slots, 3] as `lay_page` has it."""
        return self.space.room.page[: self.slots]

    @property
    def held(self) -> Sequence[Held]:
        """The pins on the page, by slot."""
        return [self.cast.held[each] for each in np.frombuffer(self.pins, np.int32).tolist()]


@dataclass(frozen=True, slots=True)
class Stage:
    """A scene made ready for plain requests.

    `candidates` are everybody's, end to end: `because` and `shares` have two for each.
    """

    scene: Scene
    snapshot: Snapshot
    ground: Ground
    people: People
    candidates: Ranked
    _casts: dict[Acting, Cast] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: Scene) -> Stage | None:
        """The stage of a scene; None where nothing there is plain."""
        shelf, snapshot = scene.shelf, scene.shelf.snapshot
        if snapshot is None or scene.row.repeats:
            return None
        items, scores, because, shares = snapshot.everybodys_candidates
        everybody = Ranked(still(items), still(scores), still(because), still(shares))
        return cls(scene, snapshot, _ground(scene, shelf), _people(snapshot), everybody)

    def cast_of(self, acting: Acting) -> Cast:
        """What acts, as a cast."""
        found = self._casts.get(acting)
        if found is None:
            found = Cast.of(acting.plan, self.ground, self.people)
            if len(self._casts) < _MOST_CASTS:
                self._casts[acting] = found
        return found

    def lay(self, acting: Acting, row: int, told: Collection[int], count: int) -> PlainPage | None:
        """The slots 1 to `count`, at most `MOST_SLOTS`, for a shopper; None where the answer is not plain.

        Args:
            acting: what acts on the shopper.
            row: the shopper's in the snapshot.
            told: numbers that are barred by what was told since the training.
            count: how many slots.

        """
        if count > MOST_SLOTS:
            return None
        cast = self.cast_of(acting)
        space = _space_for(cast)
        if told or acting.factors is not None:
            order = _AS_THEY_COME if acting.factors is None else self._boosted(row, acting.factors)
            barred = still(np.array(list(told), np.int32)) if told else _NO_NUMBERS
            pins = lay_page_of(cast.standing, space.table, row, count, order, barred)
        else:
            pins = lay_page(cast.standing, space.table, row, count)
        return None if pins < 0 else PlainPage(count, space.pins[:pins].tobytes(), row, cast, space)

    def _boosted(self, row: int, factors: Factors) -> NDArray[np.int64]:
        """The places of a shopper's candidates by score and boosts; ties by id, in whose order the snapshot's items are."""
        first, end = self.snapshot.candidates_between(row)
        items, scores = self.candidates.items[first:end], self.candidates.scores[first:end]
        return np.lexsort((items, -(scores.astype(np.float64) * factors[self.ground.numbers[items]])))


_own = local()


def _space_for(cast: Cast) -> Space:
    """The space of this thread, made larger where the cast needs it."""
    space: Space | None = getattr(_own, "space", None)
    contenders, ranked = len(cast.held), cast.ranked
    if space is None or space.contenders < contenders or space.ranked < ranked:
        before = (0, 0) if space is None else (space.contenders, space.ranked)
        space = _own.space = Space(max(contenders, before[0]), max(ranked, before[1]))
    return space


def _ground(scene: Scene, shelf: Shelf) -> Ground:
    limit = scene.row.group_limit if shelf.columns.grouped else 0
    groups = still(shelf.catalog.group_codes) if limit else _NO_NUMBERS
    return Ground(still(shelf.numbers), still(scene.everyone.eligible), groups, limit)


def _people(snapshot: Snapshot) -> People:
    candidates, owned = snapshot.everybodys_candidates, snapshot.everybodys_owned
    starts, owned_starts = snapshot.starts("candidates"), snapshot.starts("owned")
    return People(
        still(candidates.items),
        still(starts),
        still(owned),
        still(owned_starts),
        still(snapshot.shopper_vectors),
    )


def _joined(themes: Sequence[Members], factors: int) -> dict[str, NDArray[Any]]:
    """The members of themes end to end."""
    members: list[int] = []
    bounds, vectors, vectors_from = np.zeros((len(themes), 5), np.int32), [], []
    ranked = 0
    for at, each in enumerate(themes):
        parts = (each.head, each.ranked_numbers, each.tail, each.all_tail)
        bounds[at] = len(members) + np.cumsum([0, *map(len, parts)])
        members.extend(number for part in parts for number in part)
        vectors_from.append(ranked)
        if each.vectors is not None:
            vectors.append(each.vectors[each.ranked])
            ranked += len(each.ranked)
    joined = np.concatenate(vectors) if vectors else np.empty((0, factors), np.float32)
    return {
        "members": np.array(members, np.int32),
        "bounds": bounds,
        "vectors": np.ascontiguousarray(joined.T, np.float32),
        "vectors_from": np.array(vectors_from, np.int32),
    }
