"""What editors see is what shoppers get: the preview and the endpoint give the same slate."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.endpoint import Endpoint, running_endpoint
from support.tiny_shop import OWNED, TinyShop, add_tiny_run, make_tiny_shop, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import AnyRule, Boost, Pin, Theme, ThemeOrder, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.slates import Slate, Source
from recsys.domain.windows import Window
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.preview import Question, Stage, look
from recsys.services.releasing import accept_run, publish
from recsys.slates.refresh import LiveHolder

CASES = 200
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
USERS = (*OWNED, "nobody", None)
MARKETS = ("GB", "FR", "DE", None)
SEGMENTS = ("new", "loyal", "trade")


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> TinyShop:
    return make_tiny_shop(tmp_path / "home", database_url)


@pytest.fixture
def endpoint(tiny: TinyShop, tmp_path: Path) -> Iterator[Endpoint]:
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.admin, workers=1) as endpoint:
        yield endpoint


def test_the_preview_and_the_endpoint_agree_on_random_shoppers_rules_and_moments(
    tiny: TinyShop, endpoint: Endpoint
) -> None:
    chance = random.Random(7)
    holder = LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock)
    for number in range(CASES):
        if number % 10 == 0:
            drafted = _draft_something(tiny, chance)
            seen_in_draft = _random_question(chance)
            before = look(tiny.shop, holder.catch_up(), seen_in_draft, Stage.DRAFT)
            publish(tiny.shop, OPERATOR, drafted)
            state = holder.catch_up()
            endpoint.until_release(state.release.number if state.release else 0)
            assert _ask(endpoint, seen_in_draft) == _told(before.slate), "the draft's preview came true"
        question = _random_question(chance)
        assert _ask(endpoint, question) == _told(look(tiny.shop, state, question, Stage.LIVE).slate)


def test_a_theme_outside_two_shoppers_candidates_is_still_ordered_differently_for_them(
    tiny: TinyShop, endpoint: Endpoint
) -> None:
    add_tiny_run(tiny.shop, 3, depth=8)
    accept_run(tiny.shop, OPERATOR, "run-3")
    first, second = "ann", "cleo"
    members = _outside_candidates(tiny, first, second)
    theme = Theme(
        id=theme_id("outside"), slug="outside", title="Outside", picks=members, order=ThemeOrder.MODEL
    )
    slots = range(1, len(members) + 1)
    pins = [
        Pin(id=RuleId(f"pin-outside-{n}"), slot=n, theme=theme.id, scope=Scope(surface="cart")) for n in slots
    ]
    endpoint.until_release(publish_rules(tiny.shop, theme, *pins))
    orders = [_themed(endpoint, user, len(members)) for user in (first, second)]
    assert set(orders[0]) == set(orders[1]) == set(members)
    assert orders[0] != orders[1]


def _outside_candidates(tiny: TinyShop, *users: str) -> tuple[ItemId, ...]:
    """Eligible items that none of the shoppers has among the candidates."""
    state = LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock).catch_up()
    questions = [Question(surface="cart", at=NOW, user=user, limit=40) for user in users]
    slates = [look(tiny.shop, state, each, Stage.LIVE).slate.items for each in questions]
    fallback = [{p.item_id for p in slate if p.source is Source.FALLBACK} for slate in slates]
    both = set.intersection(*fallback)
    assert len(both) > 3
    return tuple(sorted(both))


def _themed(endpoint: Endpoint, user: str, count: int) -> list[str]:
    items = endpoint.recommend(surface="cart", user_id=user, limit=count, at=NOW.isoformat()).json["items"]
    return [item["item_id"] for item in items if item["source"] == "theme"]


def _draft_something(tiny: TinyShop, chance: random.Random) -> list[int]:
    """Put a few random rules into the draft; the ids of the changes."""
    changes = []
    for _ in range(4):
        rule = _random_rule(chance)
        draft = read_draft(tiny.shop)
        if draft.rules.get(rule.id) != rule:
            token = rule_token(draft, rule.id)
            changes.append(put_rule(tiny.shop, OPERATOR, rule, expected=token).id)
    return changes


def _random_rule(chance: random.Random) -> AnyRule:
    number, item = chance.randint(1, 12), ItemId(f"i{chance.randint(1, 40):02d}")
    common: dict[str, Any] = {"scope": _random_scope(chance), "window": _random_window(chance)}
    target = chance.choice(
        [Target(item_id=item), Target(selector=Selector(tags=(chance.choice(["red", "blue"]),)))]
    )
    match chance.choice(["pin", "pin", "theme pin", "veto", "boost"]):
        case "pin":
            common |= {"slot": chance.randint(1, 12), "priority": chance.randint(-1, 1)}
            return Pin(id=RuleId(f"pin-r{number}"), item_id=item, holdout=chance.choice([0, 0.3]), **common)
        case "theme pin":
            return Pin(
                id=RuleId(f"pin-t{number}"), theme=theme_id("tea-time"), slot=chance.randint(1, 12), **common
            )
        case "veto":
            return Veto(id=RuleId(f"veto-r{number}"), target=target, reason="for the test", **common)
        case _:
            return Boost(
                id=RuleId(f"boost-r{number}"), target=target, factor=chance.choice([0.2, 3.0]), **common
            )


def _random_scope(chance: random.Random) -> Scope:
    scope = Scope(surface=chance.choice(["home", "product", None]))
    if chance.random() < 0.3:
        scope = replace(scope, market=chance.choice(["GB", "FR"]))
    if chance.random() < 0.2:
        scope = replace(scope, segment=chance.choice(SEGMENTS))
    if chance.random() < 0.2:
        scope = replace(scope, context_item=ItemId(f"i{chance.randint(1, 5):02d}"))
    return scope


def _random_window(chance: random.Random) -> Window:
    start = NOW + timedelta(hours=chance.randint(-48, 24))
    return chance.choice(
        [Window(), Window(start=start), Window(start=start, end=start + timedelta(hours=24))]
    )


def _random_question(chance: random.Random) -> Question:
    surface = chance.choice(["home", "product"])
    return Question(
        surface=surface,
        at=NOW + timedelta(minutes=chance.randint(-3000, 3000)),
        user=chance.choice(USERS),
        market=chance.choice(MARKETS),
        segments=tuple(each for each in SEGMENTS if chance.random() < 0.3),
        context=tuple(f"i{chance.randint(1, 5):02d}" for _ in range(chance.randint(0, 2)))
        if surface == "product"
        else (),
        rules=chance.random() < 0.8,
        limit=chance.choice([1, 5, 20, 40]),
    )


def _ask(endpoint: Endpoint, question: Question) -> list[tuple[Any, ...]]:
    """The endpoint's answer to a preview's question, as comparable tuples."""
    query: dict[str, Any] = {
        "user_id": question.user,
        "market": question.market,
        "segment": question.segments,
        "context_item": question.context,
        "rules": "on" if question.rules else "off",
        "limit": question.limit,
        "at": question.at.isoformat(),
    }
    reply = endpoint.recommend(surface=question.surface, **{k: v for k, v in query.items() if v is not None})
    assert reply.status == 200, reply.body
    parts = ("item_id", "position", "source", "rule_id", "theme", "model_rank", "displaced")
    return [(*(each[part] for part in parts), each["reason"]["text"]) for each in reply.json["items"]]


def _told(slate: Slate) -> list[tuple[Any, ...]]:
    return [
        (p.item_id, p.position, p.source.value, p.rule_id, p.theme, p.model_rank, p.displaced, p.reason.text)
        for p in slate.items
    ]
