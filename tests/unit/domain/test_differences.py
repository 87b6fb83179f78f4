"""What changed between two rule sets, and between two slates."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.strategies import ITEMS, plain_scene, rule_sets

from recsys.domain.diff import Move, changed_fields, diff_rules, diff_slates
from recsys.domain.ids import RuleId
from recsys.domain.rules import Pin, RuleSet, Veto
from recsys.domain.selectors import Target
from recsys.domain.slates import Placed, Reason, Source

PIN = Pin(id=RuleId("p"), slot=1, item_id=ITEMS[0], published=1)


@given(rule_sets, rule_sets)
def test_applying_the_difference_gives_the_other_rule_set(before: RuleSet, after: RuleSet) -> None:
    rules = before
    for each in diff_rules(before, after):
        assert each.before == before.get(each.rule_id)
        rules = rules.without(each.rule_id) if each.after is None else rules.with_rule(each.after)
    assert rules == after


@given(rule_sets)
def test_a_rule_set_does_not_differ_from_itself(rules: RuleSet) -> None:
    assert diff_rules(rules, rules) == []
    assert diff_rules(rules, rules.published_as(9)) == []


@given(rule_sets, rule_sets)
def test_the_difference_turned_round_is_the_difference_the_other_way(before: RuleSet, after: RuleSet) -> None:
    there, back = diff_rules(before, after), diff_rules(after, before)
    assert [(d.rule_id, d.before, d.after, d.fields) for d in there] == [
        (d.rule_id, d.after, d.before, d.fields) for d in back
    ]


def test_a_changed_rule_names_the_fields_that_differ_and_not_its_publication() -> None:
    assert changed_fields(PIN, replace(PIN, slot=2, priority=1, published=9)) == ("slot", "priority")
    (found,) = diff_rules(RuleSet([PIN]), RuleSet([replace(PIN, slot=2)]))
    assert (found.rule_id, found.before, found.after, found.fields) == (
        "p",
        PIN,
        replace(PIN, slot=2),
        ("slot",),
    )


def test_a_rule_that_is_made_removed_or_of_another_kind_names_no_fields() -> None:
    veto = Veto(id=RuleId("p"), target=Target(item_id=ITEMS[0]), reason="No")
    assert changed_fields(None, PIN) == changed_fields(PIN, None) == changed_fields(PIN, veto) == ()
    assert diff_rules(RuleSet([PIN]), RuleSet([veto]))[0].after is veto


slates = st.lists(st.sampled_from(ITEMS), unique=True).map(
    lambda ids: [
        Placed(item_id, position, Source.MODEL, Reason("")) for position, item_id in enumerate(ids, 1)
    ]
)


@given(slates, slates)
def test_moves_tell_where_every_item_went(before: list[Placed], after: list[Placed]) -> None:
    moves = {move.item_id: move for move in diff_slates(before, after)}
    was = {each.item_id: each.position for each in before}
    now = {each.item_id: each.position for each in after}
    for item_id in was.keys() | now.keys():
        move = moves.get(item_id, Move(item_id, was.get(item_id), was.get(item_id)))
        assert (move.before, move.after) == (was.get(item_id), now.get(item_id))
        assert (item_id in moves) == (was.get(item_id) != now.get(item_id))


def test_moves_come_in_the_order_of_the_new_slate_and_then_what_left() -> None:
    before = plain_scene(size=4).slate(limit=3).items
    after = plain_scene(Pin(id=RuleId("p"), slot=1, item_id=ITEMS[3]), size=4).slate(limit=3).items
    assert diff_slates(before, after) == [
        Move(ITEMS[3], None, 1), Move(ITEMS[0], 1, 2), Move(ITEMS[1], 2, 3), Move(ITEMS[2], 3, None),
    ]  # fmt: skip
