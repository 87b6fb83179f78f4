"""What people change now acts now, on every worker, while the workers are busy."""

from __future__ import annotations

from support.crowd import crowd
from support.tiny_shop import PINNED, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.services.catalog import set_availability
from recsys.services.keys import add_key, revoke_key
from recsys.services.releasing import roll_back
from recsys.services.takedowns import lift, take_down


def test_a_takedown_is_out_of_every_answer_within_a_second_and_back_when_lifted(served):
    shop = served.tiny.shop
    with crowd(served.endpoint, user_id="ann") as shoppers:
        assert all(PINNED in reply.item_ids for reply in shoppers.watch())
        taken = take_down(shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="A recall")
        shoppers.a_second_after(
            lambda: roll_back(shop, OPERATOR, served.tiny.plain_release),
            lambda reply: PINNED not in reply.item_ids,
        )
        assert shown(served.endpoint) == [False, False]
        shoppers.a_second_after(
            lambda: lift(shop, OPERATOR, taken.id),
            lambda reply: PINNED in reply.item_ids,
        )
        assert shown(served.endpoint) == [True, True]
        back = roll_back(shop, OPERATOR, served.tiny.curated_release)
        served.endpoint.until_release(back.number)


def shown(endpoint):
    """Whether the pinned item is on the slate, worker by worker."""
    return [PINNED in reply.item_ids for reply in endpoint.recommend_everywhere(limit=100)]


def test_an_item_set_to_not_available_is_out_of_every_answer_within_a_second(served):
    with crowd(served.endpoint, user_id="bob") as shoppers:
        shoppers.a_second_after(
            lambda: set_availability(served.tiny.shop, OPERATOR, [PINNED], False),
            lambda reply: PINNED not in reply.item_ids,
        )
        assert shown(served.endpoint) == [False, False]
        row = {"item_id": PINNED, "available": True}
        shoppers.a_second_after(
            lambda: served.endpoint.ask(
                "/v1/items", method="POST", key=served.tiny.keys.admin, body={"items": [row]}
            ),
            lambda reply: PINNED in reply.item_ids,
        )
        assert shown(served.endpoint) == [True, True]


def test_a_publication_is_in_every_answer_within_a_second_and_roll_back_restores_the_old_slate(served):
    shop, old = served.tiny.shop, served.endpoint.recommend(user_id="ann", limit=100).item_ids
    pin = Pin(id=RuleId("pin-new"), slot=1, item_id=ItemId("i33"), scope=Scope(surface="home"))
    with crowd(served.endpoint, user_id="ann") as shoppers:
        shoppers.a_second_after(
            lambda: publish_rules(shop, pin),
            lambda reply: reply.item_ids[0] == "i33",
        )
        shoppers.a_second_after(
            lambda: roll_back(shop, OPERATOR, served.tiny.curated_release),
            lambda reply: reply.item_ids == old,
        )


def test_every_answer_is_of_one_whole_release(served):
    shop, made = served.tiny.shop, set()
    with crowd(served.endpoint, user_id="cleo") as shoppers:
        for number in range(6):
            back = (served.tiny.plain_release, served.tiny.curated_release)[number % 2]
            release = roll_back(shop, OPERATOR, back).number
            made.add(release)
            shoppers.until(lambda seen, release=release: is_served(release, seen), f"release {release}")
    slates: dict[int, set[tuple[str, ...]]] = {}
    for _, reply in shoppers.replies:
        assert reply.status == 200
        slates.setdefault(reply.json["release_id"], set()).add(tuple(reply.item_ids))
    assert set(slates) >= made
    assert all(len(each) == 1 for each in slates.values())
    served.endpoint.until_release(max(made))


def is_served(release, replies):
    return any(reply.json["release_id"] == release for reply in replies)


def test_a_revoked_key_is_refused_within_a_second(served):
    shop = served.tiny.shop
    text, info = add_key(shop, OPERATOR, "short-lived", ["read"])
    served.endpoint.until_every_worker(
        lambda worker: worker.recommend(key=text).status == 200, "an answer to the new key"
    )
    with crowd(served.endpoint, key=text) as shoppers:
        assert {reply.status for reply in shoppers.watch()} == {200}
        shoppers.a_second_after(
            lambda: revoke_key(shop, OPERATOR, info.id),
            lambda reply: reply.status == 401,
        )
