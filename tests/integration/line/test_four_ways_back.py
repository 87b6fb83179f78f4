"""A takedown holds through all four ways back: a roll back, `rules=off`, an old cursor and an older draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.crowd import crowd
from support.endpoint import Endpoint, running_endpoint
from support.promise import let_the_promised_second_pass
from support.tiny_shop import PINNED, TinyShop, make_tiny_shop

from recsys.domain.ids import ItemId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import Pin
from recsys.domain.selectors import Target
from recsys.services.catalog import set_availability
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.preview import Question, Stage, look
from recsys.services.releasing import publish, roll_back
from recsys.services.settling import settle
from recsys.services.takedowns import lift, take_down
from recsys.slates.refresh import LiveHolder


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> TinyShop:
    return make_tiny_shop(tmp_path / "home", database_url)


@pytest.fixture
def endpoint(tiny: TinyShop, tmp_path: Path) -> Iterator[Endpoint]:
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=2) as endpoint:
        yield endpoint


def test_a_takedown_is_out_of_every_answer_within_a_second_under_load(
    tiny: TinyShop, endpoint: Endpoint
) -> None:
    with crowd(endpoint, shoppers=3) as shoppers:
        assert all(PINNED in reply.item_ids for reply in shoppers.watch())
        shoppers.a_second_after(
            lambda: take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled"),
            lambda reply: PINNED not in reply.item_ids,
        )
        assert not _shown_anywhere(endpoint, PINNED)


def test_an_item_set_unavailable_is_out_of_every_answer_within_a_second_under_load(
    tiny: TinyShop, endpoint: Endpoint
) -> None:
    with crowd(endpoint, shoppers=3) as shoppers:
        assert all(PINNED in reply.item_ids for reply in shoppers.watch())
        shoppers.a_second_after(
            lambda: set_availability(tiny.shop, OPERATOR, [PINNED], False),
            lambda reply: PINNED not in reply.item_ids,
        )
        assert not _shown_anywhere(endpoint, PINNED)


def test_a_takedown_stays_through_roll_back_rules_off_an_old_cursor_and_an_older_draft(
    tiny: TinyShop, endpoint: Endpoint
) -> None:
    target = _last_shown(endpoint)
    old_cursor = endpoint.recommend(limit=2).json["next_cursor"]
    _draft_a_pin_on(tiny, target)
    assert target in endpoint.recommend(limit=40).item_ids

    standing = take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(target)), reason="Recalled")
    let_the_promised_second_pass(endpoint)
    assert not _shown_anywhere(endpoint, target)

    endpoint.until_release(roll_back(tiny.shop, OPERATOR, tiny.plain_release, what="both").number)
    assert target not in _everything(endpoint, old_cursor)
    _check_gone(tiny, endpoint, target)

    for conflict in read_draft(tiny.shop).conflicts:
        settle(tiny.shop, OPERATOR, conflict.change.id, keep=True)
    draft = read_draft(tiny.shop)
    published = publish(tiny.shop, OPERATOR, [change.id for change in draft.changes])
    endpoint.until_release(published.number)
    _check_gone(tiny, endpoint, target)

    lift(tiny.shop, OPERATOR, standing.id, reason="Mended")
    let_the_promised_second_pass(endpoint)
    assert all(target in reply.item_ids for reply in endpoint.recommend_everywhere(limit=40))


def _shown_anywhere(endpoint: Endpoint, target: str, **query: str) -> bool:
    return any(target in reply.item_ids for reply in endpoint.recommend_everywhere(limit=40, **query))


def _check_gone(tiny: TinyShop, endpoint: Endpoint, target: str) -> None:
    for query in ({}, {"rules": "off"}, {"personalised": "false"}, {"user_id": "ann"}, {"session_id": "s1"}):
        assert not _shown_anywhere(endpoint, target, **query)
    holder = LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock)
    question = Question(surface="home", at=tiny.shop.clock(), limit=40)
    for stage in Stage:
        seen = look(tiny.shop, holder.catch_up(), question, stage).slate.items
        assert target not in {placed.item_id for placed in seen}


def _last_shown(endpoint: Endpoint) -> str:
    """An item that stands so far down that an old cursor would still come to it."""
    last: str = endpoint.recommend(limit=40).item_ids[-1]
    return last


def _draft_a_pin_on(tiny: TinyShop, target: str) -> None:
    """An older draft that would bring the item to the top."""
    old = next(rule for rule in read_draft(tiny.shop).rules.of(Pin) if rule.item_id is not None)
    pin = replace(old, item_id=ItemId(target), slot=1)
    put_rule(tiny.shop, OPERATOR, pin, expected=rule_token(read_draft(tiny.shop), pin.id))


def _everything(endpoint: Endpoint, cursor: str) -> list[str]:
    """All that the pages after a cursor show."""
    shown: list[str] = []
    while cursor:
        page = endpoint.recommend(limit=10, cursor=cursor)
        assert page.status == 200, page.body
        shown += page.item_ids
        cursor = page.json["next_cursor"]
    return shown
