"""The walk of a plain request over arrays: what `lean.lay` does where nothing but pins and the model has a part."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.slates.columns import Mask, Numbers
from recsys.slates.compiling import compiled, handle, within

NUMBER, PLACE, THERE = range(3)
"""Columns of a page: the item's number; its place among the shopper's candidates, or -1 and less for a pin, the first
contender at -1; and for a pin the number that the slate without pins has there, -1 for none or the same."""

HEAD, RANKED, TAIL, ALL_TAIL, END = range(5)
"""Where the parts of a theme's members begin, as `plan.Members` tells them apart, and where the last ends."""

Page = NDArray[np.int32]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Places = NDArray[np.int64]


class Ground(NamedTuple):
    """What the walks of all shoppers of one scene have in common.

    Attributes:
        numbers: the item number of each place in the snapshot; the last is `NOBODY`.
        eligible: over item numbers, False for `NOBODY` at the end.
        groups: the group of each number as a small integer, -1 for none; empty where groups do not count.
        group_limit: how many organic items of a group there may be; 0 for no limit.

    """

    numbers: Numbers
    eligible: Mask
    groups: Numbers
    group_limit: int


class People(NamedTuple):
    """What the snapshot says of all shoppers: lists end to end, row i at `starts[i]:starts[i + 1]`, as places in it.

    `vectors` are float32 [n, d].
    """

    candidates: Numbers
    candidate_starts: Places
    owned: Numbers
    owned_starts: Places
    vectors: Floats


class Contenders(NamedTuple):
    """The pins of one scene and holdout: those on items by slot and precedence, then those on themes likewise.

    Attributes:
        slots: int32 [c].
        numbers: int32 [c], the item's number; of a theme which one it is.
        items: how many are on items.
        members: the item numbers of all themes, theme after theme.
        bounds: int32 [t, 5], see `HEAD`.
        vectors: float32 [d, r], a column for each ranked member, theme after theme.
        vectors_from: int32 [t].

    """

    slots: Numbers
    numbers: Numbers
    items: int
    members: Numbers
    bounds: Page
    vectors: Floats
    vectors_from: Numbers


_AS_THEY_COME: Places = np.empty(0, np.int64)
_NOTHING: Numbers = np.empty(0, np.int32)


class Common(NamedTuple):
    """All that the walks of shoppers on whom the same pins act have in common."""

    ground: Ground
    people: People
    contenders: Contenders


Standing = handle(__name__, "Standing", ("common",))
"""The same as `lay_page` takes it."""


@compiled
def standing(common: Common) -> Any:
    """What is common as one thing."""
    return Standing(common)


class Room(NamedTuple):
    """Where a page is laid: arrays that are used again, since to make and hand back new ones takes as long as to fill them.

    Attributes:
        page: int32 [c, 3], see `NUMBER`.
        held: int32 [p, 3], slot, number and contender.
        pins: int32 [p], the contenders on the page.
        organic: int32 [c + 1, 2], number and place.
        unpinned: the same without pins.
        products: float64 [r], of a theme's ranked members.

    """

    page: Page
    held: Page
    pins: Numbers
    organic: Page
    unpinned: Page
    products: Doubles


Table = handle(__name__, "Table", ("room",))
"""A room as `lay_page` takes it."""


@compiled
def table(room: Room) -> Any:
    """The room as one thing."""
    return Table(room)


class Own(NamedTuple):
    """The shopper's part: candidates and what is owned as places in the snapshot, in which order; further barred numbers."""

    candidates: Numbers
    order: Places
    owned: Numbers
    barred: Numbers


@compiled
def lay_page(stands: Any, on: Any, row: int, count: int) -> int:
    """Lay the items of the slots 1 to `count` into a room's page, and the contenders on it, by slot, into its pins.

    Gives how many contenders are on the page; -1 where the candidates do not reach one slot further, and where all slots
    are pins': the general way finds out.

    Args:
        stands: the scene, what the snapshot says, and the pins; see `standing`.
        on: a room that is large enough, see `table`.
        row: the shopper's.
        count: how many slots the page has.

    """
    return _laid(stands.common, on.room, row, count, _AS_THEY_COME, _NOTHING)


@compiled
def lay_page_of(stands: Any, on: Any, row: int, count: int, order: Places, barred: Numbers) -> int:
    """The same for a shopper whose candidates have another order, empty for none, or for whom further numbers are barred."""
    return _laid(stands.common, on.room, row, count, order, barred)


@within
def _laid(common: Common, room: Room, row: int, count: int, order: Places, barred: Numbers) -> int:
    """What `lay_page_of` gives."""
    ground, people, contenders = common
    page, organic, unpinned = room.page[:count], room.organic, room.unpinned
    own = Own(
        people.candidates[people.candidate_starts[row] : people.candidate_starts[row + 1]],
        order,
        people.owned[people.owned_starts[row] : people.owned_starts[row + 1]],
        barred,
    )
    held = room.held[: _resolved(ground, own, contenders, people.vectors[row], room.held, room.products)]
    wanted = count + 1
    inside = on_page = last = 0
    for pin in range(len(held)):
        inside += held[pin, 0] <= wanted
        if held[pin, 0] <= count:
            last = held[pin, 0]
            room.pins[pin] = held[pin, 2]
            on_page += 1
    left = wanted - inside
    if on_page == count or _first(ground, own, held, organic[:left]) < left:
        return -1
    if _first(ground, own, held[:0], unpinned[:last]) < last:
        return -1
    _fill(page, held, organic, unpinned)
    return on_page


@within
def _fill(page: Page, held: Page, organic: Page, unpinned: Page) -> None:
    """The page: pins in their slots, candidates in the others."""
    pin = at = 0
    for slot in range(1, len(page) + 1):
        line = page[slot - 1]
        line[2] = -1
        if pin < len(held) and held[pin, 0] == slot:
            line[0], line[1] = held[pin, 1], -1 - held[pin, 2]
            if unpinned[slot - 1, 0] != line[0]:
                line[2] = unpinned[slot - 1, 0]
            pin += 1
        else:
            line[0], line[1] = organic[at, 0], organic[at, 1]
            at += 1


@within
def _resolved(
    ground: Ground, own: Own, contenders: Contenders, vector: Floats, held: Page, products: Doubles
) -> int:
    """Who holds which slot, as `plan.Plan.resolve` finds it: how many, and in `held` slot, number and contender, by slot."""
    n = 0
    for each in range(len(contenders.slots)):
        slot, number = contenders.slots[each], contenders.numbers[each]
        if _has_slot(held[:n], slot):
            continue
        if each < contenders.items:
            if not (_free(ground, own, number) and not _holds(held[:n], number)):
                continue
        else:
            number = _member(ground, own, contenders, number, vector, held[:n], products)
            if number < 0:
                continue
        # By slot: those on themes come after those on items, but may stand before them.
        at = n
        while at and held[at - 1, 0] > slot:
            for column in range(3):
                held[at, column] = held[at - 1, column]
            at -= 1
        held[at, 0], held[at, 1], held[at, 2] = slot, number, each
        n += 1
    return n


@within
def _member(
    ground: Ground,
    own: Own,
    contenders: Contenders,
    theme: int,
    vector: Floats,
    held: Page,
    products: Doubles,
) -> int:
    """The first member of a theme, in the shopper's order, that is free and holds no slot; -1 for none."""
    bounds, members = contenders.bounds[theme], contenders.members
    head = _first_free(ground, own, members[bounds[HEAD] : bounds[RANKED]], held)
    if head >= 0:
        return head
    begin, end = bounds[ALL_TAIL], bounds[END]
    # A theme that nobody's vector orders has all that follow in its last part, and in those before none.
    if bounds[RANKED] < bounds[ALL_TAIL] and _points(vector):
        best, most = -1, np.float32(-np.inf)
        found = products[: bounds[TAIL] - bounds[RANKED]]
        _multiply_side_by_side(contenders.vectors, contenders.vectors_from[theme], vector, found)
        for at in range(bounds[RANKED], bounds[TAIL]):
            product = np.float32(found[at - bounds[RANKED]])
            if product > most and _free(ground, own, members[at]) and not _holds(held, members[at]):
                best, most = members[at], product
        if best >= 0:
            return int(best)
        begin, end = bounds[TAIL], bounds[ALL_TAIL]
    return _first_free(ground, own, members[begin:end], held)


@within
def _first_free(ground: Ground, own: Own, members: Numbers, held: Page) -> int:
    """The first of some numbers that is free and holds no slot; -1 for none."""
    for number in members:
        if _free(ground, own, number) and not _holds(held, number):
            return int(number)
    return -1


@within
def _points(vector: Floats) -> bool:
    """Whether any of a vector is not 0."""
    found = False
    for factor in range(len(vector)):
        found |= vector[factor] != 0
    return found


@within
def _first(ground: Ground, own: Own, held: Page, found: Page) -> int:
    """How many candidates there are, up to as many as `found` has room for, that nothing bars and no pin holds.

    Within the group limit; they come into `found`, number and place.
    """
    n = 0
    for turn in range(len(own.candidates)):
        if n == len(found):
            break
        place = own.order[turn] if len(own.order) else turn
        at = own.candidates[place]
        number = ground.numbers[at]
        if ground.eligible[number] and not (
            _among(own.owned, at) or _in(own.barred, number) or _holds(held, number)
        ):
            if ground.group_limit and not _fits(ground, found[:n], number):
                continue
            found[n, 0], found[n, 1] = number, place
            n += 1
    return n


@within
def _fits(ground: Ground, found: Page, number: int) -> bool:
    """Whether one more of the number's group may come."""
    group = ground.groups[number]
    if group < 0:
        return True
    before = 0
    for each in range(len(found)):
        before += ground.groups[found[each, 0]] == group
    return before < ground.group_limit


@within
def _free(ground: Ground, own: Own, number: int) -> bool:
    """Whether the shopper neither owns a number nor has it barred."""
    found = _in(own.barred, number)
    for at in own.owned:
        found |= ground.numbers[at] == number
    return not found


@within
def _among(ascending: Numbers, wanted: int) -> bool:
    """Whether a value is among ascending ones."""
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low < len(ascending) and ascending[low] == wanted


@within
def _in(few: Numbers, wanted: int) -> bool:
    found = False
    for each in few:
        found |= each == wanted
    return found


@within
def _holds(held: Page, number: int) -> bool:
    found = False
    for pin in range(len(held)):
        found |= held[pin, 1] == number
    return found


@within
def _has_slot(held: Page, slot: int) -> bool:
    found = False
    for pin in range(len(held)):
        found |= held[pin, 0] == slot
    return found


@within
def _multiply_side_by_side(columns: Floats, begin: int, vector: Floats, totals: Doubles) -> None:
    """The products of some columns, each summed up as `_product` does it, many at a time."""
    totals[:] = 0.0
    for factor in range(len(vector)):
        weight = np.float64(vector[factor])
        for at in range(len(totals)):
            totals[at] += np.float64(columns[factor, begin + at]) * weight


@compiled
def products(vectors: Floats, vector: Floats) -> Floats:
    """The product of each item's vector with the shopper's; see `affinity`."""
    found = np.empty(len(vectors), np.float32)
    for at in range(len(vectors)):
        found[at] = _product(vectors, at, vector)
    return found


@compiled
def first_closest(vectors: Floats, vector: Floats, among: Places) -> int:
    """The first place in `among` whose item is the closest; see `affinity`."""
    best, most = 0, np.float32(-np.inf)
    for place in range(len(among)):
        product = np.float32(_product(vectors, among[place], vector))
        if product > most:
            best, most = place, product
    return best


@within
def _product(vectors: Floats, at: int, vector: Floats) -> float:
    """In double precision, from the first factor to the last."""
    total = 0.0
    for factor in range(len(vector)):
        total += np.float64(vectors[at, factor]) * np.float64(vector[factor])
    return total
