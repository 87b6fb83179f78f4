"""An answer's id tells which rules had part in it, for whom they acted and for whom not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from recsys.domain.catalog import Item
from recsys.domain.events import Followed
from recsys.domain.holdout import held_out
from recsys.domain.requests import Request
from recsys.domain.rules import Boost, Pin, RuleSet
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.domain.slates import Placed, Reason, Source
from recsys.serving import varints
from recsys.serving.following import followed
from recsys.serving.recommendation_id import (
    MAX_CHARACTERS,
    RecommendationId,
    decode_recommendation_id,
    encode_recommendation_id,
)
from recsys.serving.signing import sign
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.measuring import NO_PART, Part, part_of_rules
from recsys.slates.rules import RuleIndex

KEY = b"k" * 32
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOME = Scope(surface="home")
PIN = Pin(id="pin-b", slot=1, item_id="i1", scope=HOME, holdout=0.5)
BOOST = Boost(id="boost-a", target=Target(item_id="i2"), factor=2.0, holdout=0.5)
CATALOG = CompiledCatalog(1, [(1, Item("i1", "One")), (2, Item("i2", "Two"))])


def index(*rules):
    return RuleIndex(RuleSet(rules), KEY)


def placed(position, rule_id=None):
    return Placed("i1", position, Source.PIN if rule_id else Source.MODEL, Reason("why"), rule_id=rule_id)


def request(**more):
    return Request(at=NOW, surface="home", **more)


def test_placements_name_the_rule_of_each_position():
    plain = replace(PIN, holdout=0.0)
    part = part_of_rules(
        index(plain), request(), [placed(1, "pin-b"), placed(2), placed(5, "pin-b")], CATALOG
    )
    assert part == Part(placements=((1, 0), (5, 0)))
    assert part_of_rules(index(plain), request(), [placed(2)], CATALOG) is NO_PART


@given(st.text(min_size=1, max_size=5))
def test_the_arms_are_the_holdouts_of_the_rules_in_scope(shopper):
    rules = index(PIN, BOOST, replace(PIN, id="pin-c", scope=Scope(surface="cart")))
    part = part_of_rules(rules, request(user=shopper), [], CATALOG)
    assert dict(part.arms) == {
        0: held_out("boost-a", shopper, 0.5, KEY),
        1: held_out("pin-b", shopper, 0.5, KEY),
    }
    assert part_of_rules(rules, request(session=shopper), [], CATALOG) == part


def test_who_is_nobody_and_who_asks_without_rules_is_in_no_arm():
    rules = index(PIN, BOOST, replace(PIN, id="paused", paused=True))
    assert part_of_rules(rules, request(), [], CATALOG) is NO_PART
    assert part_of_rules(rules, request(user="ann", rules=False), [], CATALOG) is NO_PART
    assert len(part_of_rules(rules, request(user="ann"), [], CATALOG).arms) == 2


parts = st.builds(
    Part,
    placements=st.dictionaries(st.integers(1, 500), st.integers(0, 5_000), max_size=20).map(
        lambda each: tuple(sorted(each.items()))
    ),
    arms=st.lists(st.tuples(st.integers(0, 5_000), st.booleans()), max_size=8).map(tuple),
)


def record(part):
    return RecommendationId(12, 900, 4_000, NOW, b"d" * 16, part)


@given(parts)
def test_an_id_gives_back_the_part_of_the_rules(part):
    assert decode_recommendation_id(encode_recommendation_id(record(part), KEY), KEY).part == part


@given(st.integers(0, 100), st.integers(0, 100))
def test_where_there_is_no_room_arms_come_first_and_what_is_kept_is_right(n_placed, n_arms):
    part = Part(
        tuple((position + 1, 3_000 + position) for position in range(n_placed)),
        tuple((place, True) for place in range(n_arms)),
    )
    token = encode_recommendation_id(record(part), KEY)
    kept = decode_recommendation_id(token, KEY).part
    assert len(token) <= MAX_CHARACTERS
    assert kept.placements == part.placements[: len(kept.placements)]
    assert kept.arms == part.arms[: len(kept.arms)]
    assert kept.arms == part.arms or not kept.placements
    if n_placed <= 30 and not n_arms:
        assert kept == part


def test_an_id_from_before_goes_on_being_understood():
    microseconds = (NOW - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6
    token = sign(b"d" * 16 + varints.pack([1, 12, 900, 4_000, int(microseconds)]), KEY)
    assert decode_recommendation_id(token, KEY) == record(NO_PART)


def test_an_event_follows_the_rule_at_its_position_and_every_arm():
    part = Part(placements=((3, 1), (6, 0)), arms=((0, True), (1, False), (9, True)))
    names = ["boost-a", "pin-b"]
    assert followed(part, 3, names) == Followed("pin-b", ("pin-b",), ("boost-a",))
    assert followed(part, 4, names) == Followed(None, ("pin-b",), ("boost-a",))
    assert followed(part, None, names) == Followed(None, ("pin-b",), ("boost-a",))
    assert followed(part, 3, []) == Followed()
