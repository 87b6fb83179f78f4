"""From an answer's id to the rules that an event counts for."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.domain.events import Followed
from recsys.domain.ids import RuleId
from recsys.slates.measuring import Part


def followed(part: Part, position: int | None, names: Sequence[RuleId]) -> Followed:
    """The rules that had part in an answer, for an event at one of its positions.

    `names` are the rule ids of the answer's release, sorted; none when that release is not known here.
    """

    def named(places: Sequence[int]) -> tuple[RuleId, ...]:
        return tuple(names[place] for place in places if place < len(names))

    placed = named([rule for at, rule in part.placements if at == position])
    return Followed(
        placed=placed[0] if placed else None,
        acted=named([rule for rule, held_out in part.arms if not held_out]),
        held_out=named([rule for rule, held_out in part.arms if held_out]),
    )
