"""Curated collections, over a real socket."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_shop import OPERATOR, OWNED, THEME_MEMBERS, publish_rules

from recsys.domain.ids import ItemId
from recsys.domain.rules import Theme, theme_id
from recsys.domain.selectors import Selector, Target
from recsys.services.releasing import roll_back
from recsys.services.takedowns import lift, take_down

TEA = "/v1/themes/tea-time"


def everywhere(served, path, holds):
    """Wait until every worker answers so."""
    served.endpoint.until_every_worker(lambda worker: holds(worker.ask(path)), f"what {path} should show")


def test_the_list_names_the_live_themes_with_what_they_hold(served):
    answer = served.endpoint.ask("/v1/themes").json
    assert answer["release_id"] == served.tiny.curated_release
    (tea,) = answer["themes"]
    assert tea == {
        "slug": "tea-time", "title": "Tea time", "blurb": "For the long afternoon.",
        "size": len(served.endpoint.ask(TEA, query={"limit": 100}).item_ids), "cover": None,
    }  # fmt: skip
    assert answer["next_cursor"] is None


def test_a_theme_shows_its_members_in_its_own_order_for_the_shopper(served):
    ann, bob = (served.endpoint.ask(TEA, query={"user_id": who, "limit": 100}) for who in ("ann", "bob"))
    members = {*THEME_MEMBERS, "i05", "i25", "i35"}
    assert set(ann.item_ids) == set(bob.item_ids) == members
    assert ann.item_ids != bob.item_ids
    assert ann.json["personalised"] is True
    assert served.endpoint.ask(TEA).json["personalised"] is False
    for item in ann.json["items"]:
        assert (item["source"], item["rule_id"], item["theme"]) == ("theme", "theme-tea-time", "tea-time")
        assert item["reason"]["text"] == ann.json["title"] == "Tea time"
    assert [item["position"] for item in ann.json["items"]] == list(range(1, len(members) + 1))


def test_what_the_shopper_owns_and_what_was_taken_down_is_not_in_a_theme(served):
    owned = {"i05", "i06"}
    assert not owned & set(served.endpoint.ask(TEA, query={"user_id": "zoë", "limit": 100}).item_ids)
    assert "i05" in served.endpoint.ask(TEA, query={"limit": 100}).item_ids
    taken = take_down(served.tiny.shop, OPERATOR, Target(item_id=ItemId("i15")), reason="A recall")
    try:
        everywhere(served, TEA, lambda reply: "i15" not in reply.item_ids)
        everywhere(served, "/v1/themes", lambda reply: reply.json["themes"][0]["size"] == 6)
    finally:
        lift(served.tiny.shop, OPERATOR, taken.id)
        everywhere(served, "/v1/themes", lambda reply: reply.json["themes"][0]["size"] == 7)


def test_fields_and_notes_are_those_of_every_answer(served):
    answer = served.endpoint.ask(TEA, query={"fields": ["title"], "user_id": "nobody", "market": "Mars"}).json
    assert all(item["title"] for item in answer["items"])
    assert [note["field"] for note in answer["notes"]] == ["market", "user_id"]


@pytest.mark.parametrize("slug", ["nope", "theme-tea-time", "TEA-TIME", "%C3%A9", "%ff"])
def test_an_unknown_theme_is_404(served, slug):
    reply = served.endpoint.ask(f"/v1/themes/{slug}")
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/problem+json"


def test_other_parameters_are_refused(served):
    reply = served.endpoint.ask(TEA, query={"tag": "red", "rules": "off"})
    assert reply.status == 400
    assert [error["field"] for error in reply.json["errors"]] == ["tag", "rules"]


def pages(served, path, query, limits):
    """All pages, with the limits in turn; the last one goes on."""
    cursor: dict[str, str] = {}
    for place in range(60):
        limit = limits[min(place, len(limits) - 1)]
        answer = served.endpoint.ask(path, query={**query, **cursor, "limit": limit}).json
        yield answer
        if answer["next_cursor"] is None:
            return
        cursor = {"cursor": answer["next_cursor"]}
    pytest.fail("the pages do not end")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.fixed_dictionaries({}, optional={"user_id": st.sampled_from([*OWNED]), "market": st.just("FR")}),
    limits=st.lists(st.integers(1, 5), min_size=1, max_size=4),
)
def test_the_pages_of_a_theme_add_up_to_the_whole(served, query, limits):
    whole = served.endpoint.ask(TEA, query={**query, "limit": 100}).json["items"]
    paged = [item for answer in pages(served, TEA, query, limits) for item in answer["items"]]
    assert paged == whole


def test_a_cursor_goes_on_in_its_release_and_at_its_address_alone(served):
    first = served.endpoint.ask(TEA, query={"limit": 2}).json
    second = Theme(
        id=theme_id("ivory"), slug="ivory", title="All in ivory", selector=Selector(tags=("ivory",)),
        titles={"FR": "Tout en ivoire"},
    )  # fmt: skip
    shop = served.tiny.shop
    tea = next(rule for rule in shop_rules(served) if rule.id == "theme-tea-time")
    publish_rules(shop, second, replace(tea, picks=()))
    try:
        everywhere(served, "/v1/themes", lambda reply: len(reply.json["themes"]) == 2)
        rest = served.endpoint.ask(TEA, query={"limit": 100, "cursor": first["next_cursor"]})
        assert rest.json["release_id"] == first["release_id"]
        assert len({*rest.item_ids, *(each["item_id"] for each in first["items"])}) == 7
        elsewhere = served.endpoint.ask("/v1/themes/ivory", query={"cursor": first["next_cursor"]})
        assert elsewhere.status == 400
        assert [error["field"] for error in elsewhere.json["errors"]] == ["cursor"]
        lines = [
            line for answer in pages(served, "/v1/themes", {"market": "FR"}, [1]) for line in answer["themes"]
        ]
        assert [line["title"] for line in lines] == ["Tout en ivoire", "Tea time"]
    finally:
        roll_back(shop, OPERATOR, served.tiny.curated_release)
        everywhere(served, "/v1/themes", lambda reply: len(reply.json["themes"]) == 1)


def shop_rules(served):
    with served.tiny.shop.database.read() as unit:
        return unit.releases.rules(served.tiny.curated_release)


def test_a_publishable_key_sees_themes_and_names_no_shopper(served):
    key = served.tiny.keys.publishable
    assert served.endpoint.ask(TEA, key=key).status == 200
    for path in ("/v1/themes", TEA):
        assert served.endpoint.ask(path, key=key, query={"user_id": "ann"}).status == 403
