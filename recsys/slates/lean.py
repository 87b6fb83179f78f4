"""The merge over arrays: the laws of `domain.merge`, walked in item numbers and only as far as the answer goes.

`domain.merge` is the law; tests hold every answer of this one equal to it. It is built for one thing: a request
costs what its own slots cost, not what the candidates, vetoes, takedowns and pins of the shop do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from recsys.domain.eligibility import passes_filters
from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rules import MAX_SLOT
from recsys.slates.folding import Folded
from recsys.slates.plan import Held, Vector
from recsys.slates.proposals import Asked, OrganicOrder, Proposals, Tier
from recsys.slates.scene import Acting, Scene
from recsys.slates.shelf import Shelf

NOTHING: frozenset[ItemId] = frozenset()

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

    `page` is what stands in the slots from `start` on; `unpinned` is the slate without pins from slot 1 on, as far
    as the last pin on the page. The rest is as in `Slate`; `market` is the one that counted.
    """

    shelf: Shelf
    market: str | None
    start: int
    page: Sequence[Held | Stand]
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
    barred = _barred(scene, who, request)
    shown = _numbers(scene.shelf, request.shown)
    passes = _filters(scene.shelf, request)
    first = max(request.start, request.pins_from)
    held = acting.plan.resolve(first, barred | shown, passes, lambda: _vector(scene.shelf, who, request))
    order = OrganicOrder(scene.shelf, Asked(who.row, request, scene.row, acting, who.folded))
    count = max(min(request.start + request.limit, MAX_SLOT + 1) - request.start, 0)
    walk = _Walk(scene, order, passes)
    laid = _together(walk, held, request, barred | shown, count + 1)
    page = laid[:count]
    pins = [(slot, each) for slot, each in enumerate(page, request.start) if isinstance(each, Held)]
    last = pins[-1][0] if pins else 0
    return Laid(
        shelf=scene.shelf,
        market=scene.request.market,
        start=request.start,
        page=page,
        unpinned=[number for number, _, _ in walk.first(last, barred)] if last else (),
        personalised=request.personalised and any(_is_personal(each, acting) for each in page),
        more=len(laid) > len(page) and request.start + request.limit <= MAX_SLOT,
        pins_from=max([request.pins_from, *[each.slot + 1 for _, each in pins]]),
    )


class _Walk(NamedTuple):
    """The organic items of one request."""

    scene: Scene
    order: OrganicOrder
    passes: Test | None

    def first(self, wanted: int, out: AbstractSet[int], counted: Collection[int] = ()) -> list[Stand]:
        """The first eligible items in organic order that are not out, within the group limit.

        Args:
            wanted: how many, at most.
            out: the numbers that are barred, held or shown.
            counted: the numbers that count against the group limit already.

        """
        eligible, groups = self.scene.eligible, self.scene.shelf.columns.groups
        limit, passes = self.scene.row.group_limit, self.passes
        of_group = dict(Counter(groups[number] for number in counted)) if counted else {}
        seen = set(out)
        found: list[Stand] = []
        for tier, numbers, places in self.order:
            for number, place in zip(numbers, places, strict=False):
                if not eligible[number] or number in seen or (passes is not None and not passes(number)):
                    continue
                group = groups[number]
                if limit and group is not None:
                    before = of_group.get(group, 0)
                    if before >= limit:
                        continue
                    of_group[group] = before + 1
                seen.add(number)
                found.append((number, place, tier))
                if len(found) >= wanted:
                    return found
        return found


def _together(
    walk: _Walk, held: dict[int, Held], request: Request, out: AbstractSet[int], wanted: int
) -> list[Held | Stand]:
    """Held and organic items slot by slot, as many as wanted; where organic items run out, the pins close up."""
    beyond = request.start + wanted
    room = wanted - len([slot for slot in held if slot < beyond])
    counted = _numbers(walk.scene.shelf, request.shown - request.shown_pinned) if request.shown else ()
    laid: list[Held | Stand] = []
    if room > 0:
        laid += walk.first(room, out | {each.number for each in held.values()}, counted)
    for slot in sorted(held):
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
        barred |= _numbers(shelf, request.items) | _numbers(shelf, who.bought)
    for ids in (who.disliked, request.exclude, request.context):
        barred |= _numbers(shelf, ids)
    return barred


def _numbers(shelf: Shelf, ids: Collection[ItemId]) -> set[int]:
    if not ids:
        return set()
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
