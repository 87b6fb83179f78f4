"""Which rules had part in an answer, so that what comes of it can be counted for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recsys.domain.holdout import held_out
from recsys.domain.ids import RuleId
from recsys.domain.live import context_items, scope_matches
from recsys.domain.requests import Request
from recsys.domain.slates import Placed
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.rules import RuleIndex


@dataclass(frozen=True, slots=True)
class Part:
    """Rules by their place in the sorted list of a release's rule ids.

    `placements` are (position, rule) of the items that a rule placed, by position; `arms` are (rule,
    whether the shopper is in its holdout) of the rules with a holdout whose scope holds.
    """

    placements: tuple[tuple[int, int], ...] = ()
    arms: tuple[tuple[int, bool], ...] = ()


NO_PART = Part()


def part_of_rules(
    index: RuleIndex, request: Request, placed: Iterable[Placed], catalog: CompiledCatalog
) -> Part:
    """The part of a release's rules in one answer; `request` is the one that was merged."""
    by_rules = [(each.position, each.rule_id) for each in placed if each.rule_id is not None]
    return part_of_placements(index, request, by_rules, catalog)


def part_of_placements(
    index: RuleIndex, request: Request, by_rules: Iterable[tuple[int, RuleId]], catalog: CompiledCatalog
) -> Part:
    """The same from (position, rule) of what rules placed."""
    placements = tuple((at, index.places[rule]) for at, rule in by_rules if rule in index.places)
    arms = _arms(index, request, catalog) if index.measured and request.rules else ()
    return Part(placements, arms) if placements or arms else NO_PART


def _arms(index: RuleIndex, request: Request, catalog: CompiledCatalog) -> tuple[tuple[int, bool], ...]:
    """None for an answer that nobody is known to have asked for: no holdout counts them."""
    if request.shopper is None:
        return ()
    context = context_items(request, catalog)
    return tuple(
        (index.places[rule.id], held_out(rule.id, request.shopper, rule.holdout, index.holdout_key))
        for rule in index.measured
        if rule.window.holds(request.at)
        and scope_matches(rule.scope, request, context, personal=request.personalised)
    )
