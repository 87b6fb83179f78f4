"""The walk of a plain request over arrays: what `lean.lay` does where nothing but pins and the model has a part."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.slates.columns import Mask, Numbers
from recsys.slates.compiling import compiled

NUMBER, PLACE, THERE = range(3)
"""Columns of a page: the item's number; its place in its tier, or -1 and less for a pin, the first of them at -1;
and for a pin the number that the slate without pins has there, -1 for none or the same."""

Page = NDArray[np.int32]


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


class Own(NamedTuple):
    """The shopper's part: candidates as places in the snapshot, what is owned as places, further barred numbers."""

    candidates: Numbers
    owned: Numbers
    barred: Numbers


@compiled
def lay_page(ground: Ground, own: Own, held: Page, count: int) -> Page:
    """The items of the slots 1 to `count` + 1, int32 [count + 1, 3]; no rows where the candidates do not reach that far.

    Args:
        ground: the scene.
        own: the shopper.
        held: int32 [h, 2], slot and number of the pins, by slot.
        count: how many slots the page has; one more tells whether anything follows.

    """
    wanted = count + 1
    inside = last = 0
    for pin in range(len(held)):
        inside += held[pin, 0] <= wanted
        if held[pin, 0] <= count:
            last = held[pin, 0]
    room = wanted - inside
    organic, unpinned = _first(ground, own, held, room), _first(ground, own, held[:0], last)
    if len(organic) < room or len(unpinned) < last:
        return np.empty((0, 3), np.int32)
    page = np.empty((wanted, 3), np.int32)
    pin = at = 0
    for slot in range(1, wanted + 1):
        row = page[slot - 1]
        row[2] = -1
        if pin < len(held) and held[pin, 0] == slot:
            row[0], row[1] = held[pin, 1], -1 - pin
            if slot <= last and unpinned[slot - 1, 0] != row[0]:
                row[2] = unpinned[slot - 1, 0]
            pin += 1
        else:
            row[0], row[1] = organic[at, 0], organic[at, 1]
            at += 1
    return page


@compiled
def _first(ground: Ground, own: Own, held: Page, wanted: int) -> Page:
    """The first candidates, at most `wanted`, that nothing bars and no pin holds, within the group limit: [n, 2]."""
    found = np.empty((wanted, 2), np.int32)
    n = 0
    for place in range(len(own.candidates)):
        if n == wanted:
            break
        at = own.candidates[place]
        number = ground.numbers[at]
        if ground.eligible[number] and not (
            _among(own.owned, at) or _in(own.barred, number) or _holds(held, number)
        ):
            if ground.group_limit and not _fits(ground, found[:n], number):
                continue
            found[n, 0], found[n, 1] = number, place
            n += 1
    return found[:n]


@compiled
def _fits(ground: Ground, found: Page, number: int) -> bool:
    """Whether one more of the number's group may come."""
    group = ground.groups[number]
    if group < 0:
        return True
    before = 0
    for each in range(len(found)):
        before += ground.groups[found[each, 0]] == group
    return before < ground.group_limit


@compiled
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


@compiled
def _in(few: Numbers, wanted: int) -> bool:
    found = False
    for each in few:
        found |= each == wanted
    return found


@compiled
def _holds(held: Page, number: int) -> bool:
    found = False
    for pin in range(len(held)):
        found |= held[pin, 1] == number
    return found
