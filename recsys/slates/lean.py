"""The merge over arrays: the laws of `domain.merge`, walked in item numbers and only as far as the answer goes.

`domain.merge` is the law; tests hold every answer of this one equal to it. It is built for one thing: a request
costs what its own slots cost, not what the candidates, vetoes, takedowns and pins of the shop do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from recsys.domain.eligibility import passes_filters
from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rules import MAX_SLOT
from recsys.slates.folding import Folded
from recsys.slates.plan import Held, Vector
from recsys.slates.proposals import Asked, Chunk, Proposals, Tier, organic_order
from recsys.slates.scene import Acting, Scene
from recsys.slates.shelf import Shelf

NOTHING: frozenset[Any] = frozenset()

Stand = tuple[int, int, Tier]
"""An item that stands by its own merit: its number, its place in its tier, the tier."""
Test = Callable[[int], bool]


class Shopper(NamedTuple):
    """Who asks: a row of the snapshot, None when unseen in training, and what was told of the shopper or session since.

    `folded` is what the items of one unseen in training say.
    """

    row: int | None
    disliked: AbstractSet[ItemId] = NOTHING
    bought: AbstractSet[ItemId] = NOTHING
    folded: Folded | None = None


class Laid(NamedTuple):
    """A slate in item numbers.

    `page` is what stands in the slots from `start` on, and `pins` are those of it that pins hold, with their places
    on the page; `unpinned` is the slate without pins from slot 1 on, as far as the last pin on the page. The rest is
    as in `Slate`; `market` is the one that counted.
    """

    shelf: Shelf
    market: str | None
    start: int
    page: Sequence[Held | Stand]
    pins: Sequence[tuple[int, Held]]
    unpinned: Sequence[int]
    personalised: bool
    more: bool
    pins_from: int

    def displaced(self, place: int, held: Held) -> int | None:
        """What the slate without pins has where a pin stands on the page, None for the same item or none."""
        slot = self.start + place
        there = self.unpinned[slot - 1] if slot <= len(self.unpinned) else held.number
        return None if there == held.number else there


def lay(scene: Scene, acting: Acting, who: Shopper, request: Request) -> Laid:
    """The slate for one request that belongs to the scene.

    Args:
        acting: what acts on the shopper: `scene.acting(…)`.

    """
    shelf = scene.shelf
    barred = _barred(scene, who, request)
    shown = _numbers(shelf, request.shown) if request.shown else NOTHING
    passes = _filters(shelf, request)
    first = max(request.start, request.pins_from)
    out = barred | shown if shown else barred
    held = acting.plan.resolve(first, out, passes, lambda: _vector(shelf, who, request))
    order = organic_order(shelf, Asked(who.row, request, scene.row, acting, who.folded))
    count = max(min(request.start + request.limit, MAX_SLOT + 1) - request.start, 0)
    walk = _Walk(scene, order, passes, barred)
    laid = _together(walk, held, request, shown, count + 1)
    page = laid[:count]
    pins = [(place, each) for place, each in enumerate(page) if isinstance(each, Held)] if held else []
    last = request.start + pins[-1][0] if pins else 0
    return Laid(
        shelf=shelf,
        market=scene.request.market,
        start=request.start,
        page=page,
        pins=pins,
        unpinned=[number for number, _, _ in walk.first(last, NOTHING)] if last else (),
        personalised=request.personalised and any(_is_personal(each, acting) for each in page),
        more=len(laid) > len(page) and request.start + request.limit <= MAX_SLOT,
        pins_from=max([request.pins_from, *[each.slot + 1 for _, each in pins]])
        if pins
        else request.pins_from,
    )


class _Walk:
    """The organic items of one request that nothing bars, found as far as somebody walks and kept for the next walk."""

    __slots__ = ("_found", "_fresh", "_order", "_passes", "_seen", "scene")

    def __init__(
        self, scene: Scene, order: Iterator[Chunk], passes: Test | None, barred: AbstractSet[int]
    ) -> None:
        self.scene = scene
        self._order = order
        self._passes = passes
        self._found: list[Stand] = []
        self._fresh: list[Stand] = []
        self._seen = set(barred)

    def first(self, wanted: int, out: AbstractSet[int], counted: Collection[int] = ()) -> list[Stand]:
        """The first of them that are not out, within the group limit.

        Args:
            wanted: how many, at most.
            out: the numbers that are held or shown.
            counted: the numbers that count against the group limit already.

        """
        columns, limit = self.scene.shelf.columns, self.scene.row.group_limit
        if limit and columns.grouped:
            return self._of_groups(wanted, out, _counts(columns.groups, counted), limit)
        while True:
            found = [each for each in self._found if each[0] not in out]
            if len(found) >= wanted or not self._goes_on():
                return found[:wanted]

    def _of_groups(
        self, wanted: int, out: AbstractSet[int], of_group: dict[str | None, int], limit: int
    ) -> list[Stand]:
        """The same where groups count; `of_group`: how many of each stand already."""
        groups = self.scene.shelf.columns.groups
        found: list[Stand] = []
        at = 0
        while at < len(self._found) or self._goes_on():
            stand = self._found[at]
            at += 1
            number = stand[0]
            if number in out:
                continue
            group = groups[number]
            if group is not None:
                before = of_group.get(group, 0)
                if before >= limit:
                    continue
                of_group[group] = before + 1
            found.append(stand)
            if len(found) >= wanted:
                break
        return found

    def _goes_on(self) -> bool:
        """Look at the next chunks until one has something; False at the end."""
        eligible, passes, seen = self.scene.eligible, self._passes, self._seen
        for tier, numbers, places in self._order:
            # Nothing stands twice in one chunk, so what it brought is only noted when another one comes.
            seen.update([each[0] for each in self._fresh])
            fresh = [
                (number, place, tier)
                for number, place in zip(numbers, places, strict=False)
                if eligible[number] and number not in seen
            ]
            self._fresh = fresh if passes is None else [each for each in fresh if passes(each[0])]
            self._found += self._fresh
            if self._fresh:
                return True
        return False


def _counts(groups: Sequence[str | None], counted: Collection[int]) -> dict[str | None, int]:
    return dict(Counter([groups[number] for number in counted])) if counted else {}


def _together(
    walk: _Walk, held: dict[int, Held], request: Request, out: AbstractSet[int], wanted: int
) -> list[Held | Stand]:
    """Held and organic items slot by slot, as many as wanted; where organic items run out, the pins close up."""
    beyond = request.start + wanted
    slots = sorted(held)
    room = wanted - len([slot for slot in slots if slot < beyond])
    counted = _numbers(walk.scene.shelf, request.shown - request.shown_pinned) if request.shown else ()
    laid: list[Held | Stand] = []
    if room > 0:
        laid += walk.first(room, out | {each.number for each in held.values()} if held else out, counted)
    for slot in slots:
        if slot >= beyond and len(laid) >= wanted:
            break
        # Past the end of the list, an insertion appends: that is the closing up.
        laid.insert(slot - request.start, held[slot])
    return laid[:wanted]


def _barred(scene: Scene, who: Shopper, request: Request) -> set[int]:
    """The numbers that the shopper or the request bars."""
    shelf = scene.shelf
    barred: set[int] = set()
    if not scene.row.repeats:
        if who.row is not None and shelf.snapshot is not None:
            barred.update(map(shelf.number_of, shelf.snapshot.owned_numbers(who.row)))
        if request.items or who.bought:
            barred |= _numbers(shelf, request.items) | _numbers(shelf, who.bought)
    for ids in (who.disliked, request.exclude, request.context):
        if ids:
            barred |= _numbers(shelf, ids)
    return barred


def _numbers(shelf: Shelf, ids: Collection[ItemId]) -> set[int]:
    numbers = shelf.columns.numbers
    return {numbers[each] for each in ids if each in numbers}


def _filters(shelf: Shelf, request: Request) -> Test | None:
    if not request.filters:
        return None
    items = shelf.columns.items
    return lambda number: passes_filters(items[number], request)


def _vector(shelf: Shelf, who: Shopper, request: Request) -> Vector | None:
    if shelf.snapshot is None or not request.personalised:
        return None
    if who.row is not None:
        return shelf.snapshot.shopper_vector(who.row)
    return None if who.folded is None else who.folded.vector


def _is_personal(each: Held | Stand, acting: Acting) -> bool:
    """Whether personal data shaped the place of an item."""
    if isinstance(each, Held):
        return each.by_vector or each.pin.scope.personal
    _, place, tier = each
    return acting.personal or (isinstance(tier, Proposals) and tier.kind(place).personal)
