"""What stands beside context items: their neighbours by mean score, with the context items behind each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from recsys.snapshots.layout import NeighbourKind
from recsys.snapshots.mapped import Snapshot


class Neighbour(NamedTuple):
    """A neighbour of the context. Items are places in the snapshot.

    `because` holds up to two context items with their shares of the score, the largest first.
    """

    item: int
    score: float
    similar: bool
    because: Sequence[tuple[int, float]]


class _Behind(NamedTuple):
    """A context item that has the neighbour as one of its own."""

    item: int
    score: float
    similar: bool


def beside(snapshot: Snapshot, context: Iterable[str]) -> list[Neighbour]:
    """The neighbours of the context items that the snapshot knows, best first, ties by id."""
    behind: dict[int, list[_Behind]] = defaultdict(list)
    index = snapshot.item_index
    known = [index[each] for each in dict.fromkeys(context) if each in index]
    for each in known:
        near = snapshot.neighbours(each)
        alike = (near.kinds == NeighbourKind.SIMILAR).tolist()
        for item, score, similar in zip(near.items.tolist(), near.scores.tolist(), alike, strict=True):
            behind[item].append(_Behind(each, score, similar))
    found = [_neighbour(item, parts, len(known)) for item, parts in behind.items()]
    # The places of a snapshot are in the order of the ids.
    return sorted(found, key=lambda each: (-each.score, each.item))


def _neighbour(item: int, parts: Sequence[_Behind], n_context: int) -> Neighbour:
    similar = all(each.similar for each in parts)
    total = sum(each.score for each in parts)
    # Only what speaks for the neighbour's kind is named: a likeness is not called a purchase.
    spoken = ((each.item, each.score / total) for each in parts if each.similar == similar)
    because = sorted(spoken, key=lambda each: (-each[1], each[0]))[:2]
    return Neighbour(item, total / n_context, similar, because)
