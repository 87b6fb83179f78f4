"""The pins of a scene, resolved as far as they can be without knowing the shopper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.domain.ids import ItemId
from recsys.domain.live import theme_is_live
from recsys.domain.requests import Request
from recsys.domain.rules import Pin, Theme, ThemeOrder
from recsys.domain.slots import precedence
from recsys.domain.themes import head_size, theme_members
from recsys.slates.affinity import affinities, closest
from recsys.slates.columns import NOBODY, Mask, Numbers
from recsys.slates.shelf import Shelf

Vector = NDArray[np.float32]
Test = Callable[[int], bool]


class Held(NamedTuple):
    """A slot that a pin fills: with which item, from which theme, and whether a vector gave the item its place."""

    number: int
    slot: int
    pin: Pin
    theme: Theme | None = None
    by_vector: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """A theme's eligible members in the theme's order, as far as that is the same for all shoppers.

    Attributes:
        theme: the theme.
        head: who comes first for everyone.
        unordered: the members that vectors order, all of them, as places in the snapshot; None where nobody's vector
            counts.
        ranked: places in `unordered` of the eligible members with a vector, by id.
        ranked_numbers: the item numbers of `ranked`.
        tail: who follows, without a vector.
        all_tail: who follows the head for a shopper without a vector.

    """

    theme: Theme
    head: Sequence[int]
    vectors: Vector | None
    ranked: NDArray[np.int64]
    ranked_numbers: Sequence[int]
    tail: Sequence[int]
    all_tail: Sequence[int]

    def ordered(self, vector: Vector | None) -> Iterator[tuple[int, bool]]:
        """The members for a shopper, each with whether the vector gave it its place."""
        for number in self.head:
            yield number, False
        if vector is None or self.vectors is None:
            for number in self.all_tail:
                yield number, False
            return
        if len(self.ranked):
            # Most slots are filled by the best, so the rest is only sorted where the best is not free.
            yield self.ranked_numbers[closest(self.vectors, vector, self.ranked)], True
            scores = affinities(self.vectors, vector)[self.ranked]
            for place in np.argsort(-scores, kind="stable")[1:].tolist():
                yield self.ranked_numbers[place], True
        for number in self.tail:
            yield number, False


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The pins of each slot, the winner first; only such as a shopper could be shown.

    Attributes:
        items: item pins by slot, ascending.
        themes: theme pins by slot, ascending.
        pinned: the item numbers of all item pins.
        settled: who holds which slot when no pinned item is barred.

    """

    items: Sequence[tuple[int, Sequence[Held]]]
    themes: Sequence[tuple[int, Sequence[tuple[Pin, Members]]]]
    pinned: frozenset[int]
    settled: Mapping[int, Held]

    def resolve(
        self, first: int, out: AbstractSet[int], passes: Test | None, vector: Callable[[], Vector | None]
    ) -> dict[int, Held]:
        """Who holds which slot from `first` on: law 3.

        Args:
            first: the pins of earlier slots have had their turn.
            out: the numbers that this shopper or request bars.
            passes: the request's own filters, if any.
            vector: gives the shopper's vector.

        """
        if first <= 1 and passes is None and self.pinned.isdisjoint(out):
            held = dict(self.settled)
        else:
            held = _items_held(self.items, first, _free(out, passes))
        if self.themes:
            self._add_themes(held, first, _free(out, passes), vector)
        return held

    def _add_themes(
        self, held: dict[int, Held], first: int, free: Test, vector: Callable[[], Vector | None]
    ) -> None:
        taken = {each.number for each in held.values()}
        orders: dict[str, Iterator[tuple[int, bool]]] = {}
        for slot, contenders in self.themes:
            if slot < first or slot in held:
                continue
            for pin, members in contenders:
                order = orders.get(members.theme.id)
                if order is None:
                    order = orders[members.theme.id] = members.ordered(vector())
                # Whom one slot passes over stays taken or barred, so the theme's next slot goes on from there.
                found = next((each for each in order if each[0] not in taken and free(each[0])), None)
                if found is not None:
                    taken.add(found[0])
                    held[slot] = Held(found[0], slot, pin, members.theme, found[1])
                    break


def _free(out: AbstractSet[int], passes: Test | None) -> Test:
    """Whether neither the shopper nor the request bars a number."""
    if passes is None:
        return lambda number: number not in out
    return lambda number: number not in out and passes(number)


def _items_held(items: Sequence[tuple[int, Sequence[Held]]], first: int, free: Test) -> dict[int, Held]:
    held: dict[int, Held] = {}
    taken: set[int] = set()
    for slot, contenders in items:
        for each in contenders if slot >= first else ():
            if each.number not in taken and free(each.number):
                held[slot] = each
                taken.add(each.number)
                break
    return held


def plan_pins(
    pins: Sequence[Pin],
    theme_of: Callable[[Pin], Theme | None],
    shelf: Shelf,
    request: Request,
    eligible: Mask,
) -> Plan:
    """Plan the live pins of a scene; `eligible` is over item numbers."""
    items: dict[int, list[Held]] = defaultdict(list)
    themes: dict[int, list[tuple[Pin, Members]]] = defaultdict(list)
    known: dict[str, Members] = {}
    for pin in sorted(pins, key=lambda each: (each.slot, precedence(each))):
        theme = theme_of(pin)
        if pin.item_id is not None:
            number = shelf.columns.numbers.get(pin.item_id, NOBODY)
            if eligible[number]:
                items[pin.slot].append(Held(number, pin.slot, pin))
        elif theme is not None and theme_is_live(theme, request.at):
            if theme.id not in known:
                known[theme.id] = _members(theme, shelf, request, eligible)
            themes[pin.slot].append((pin, known[theme.id]))
    ordered = tuple((slot, tuple(held)) for slot, held in items.items())
    return Plan(
        items=ordered,
        themes=tuple((slot, tuple(contenders)) for slot, contenders in themes.items()),
        pinned=frozenset(each.number for _, held in ordered for each in held),
        settled=_items_held(ordered, 0, lambda _number: True),
    )


def _members(theme: Theme, shelf: Shelf, request: Request, eligible: Mask) -> Members:
    """A theme's members, split into who is ordered by vectors and who is not."""
    picks, others = theme_members(theme, shelf.catalog, request)
    if theme.order is ThemeOrder.BY_HAND:
        head, rest = picks, others
    else:
        size = head_size(theme, picks)
        head, rest = picks[:size], picks[size:] + others
    snapshot = shelf.snapshot
    by_vectors = (
        theme.order is not ThemeOrder.BY_HAND and request.personalised and snapshot is not None and rest
    )
    numbers = np.array([shelf.columns.numbers.get(each, NOBODY) for each in rest], np.int32)
    by_popularity = _by_popularity(rest, shelf, request)
    if not by_vectors or snapshot is None:
        nothing = np.empty(0, np.int64)
        return Members(
            theme, _left(head, shelf, eligible), None, nothing, (), (), _left(by_popularity, shelf, eligible)
        )
    places = np.array([snapshot.item_index.get(each, -1) for each in rest], np.int64)
    vectors = snapshot.item_vectors[np.maximum(places, 0)]
    has = (places >= 0) & vectors.any(axis=1)
    ranked = _by_id(np.flatnonzero(has & eligible[numbers]), numbers, shelf)
    without = {rest[place] for place in np.flatnonzero(~has).tolist()}
    return Members(
        theme=theme,
        head=_left(head, shelf, eligible),
        vectors=vectors,
        ranked=ranked,
        ranked_numbers=numbers[ranked].tolist(),
        tail=_left([each for each in by_popularity if each in without], shelf, eligible),
        all_tail=_left(by_popularity, shelf, eligible),
    )


def _by_id(places: NDArray[np.int64], numbers: Numbers, shelf: Shelf) -> NDArray[np.int64]:
    return places[np.argsort(shelf.id_order[numbers[places]], kind="stable")]


def _left(item_ids: Sequence[ItemId], shelf: Shelf, eligible: Mask) -> list[int]:
    numbers = (shelf.columns.numbers.get(each, NOBODY) for each in item_ids)
    return [number for number in numbers if eligible[number]]


def _by_popularity(members: Sequence[ItemId], shelf: Shelf, request: Request) -> list[ItemId]:
    known = {} if shelf.popularity is None else shelf.popularity.popularity(request.market)
    return sorted(members, key=lambda each: (-known.get(each, 0.0), each))
