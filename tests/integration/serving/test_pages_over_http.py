"""Pages of rows, over a real socket from real worker processes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_shop import OPERATOR, OWNED, PINNED, THEME_MEMBERS, VETOED, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rows import RowKind, RowOrder, RowSettings
from recsys.domain.rules import Pin, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.services.releasing import roll_back
from recsys.services.takedowns import lift, take_down

HOME = "/v1/pages/home"
ROWS = (
    RowSettings(title="For you", size=6),
    RowSettings("tea", kind=RowKind.THEME, theme=theme_id("tea-time"), size=4, min_size=2),
    RowSettings("because", kind=RowKind.BECAUSE, size=5, min_size=2, titles={"FR": "Comme {item}"}),
    RowSettings("trending", kind=RowKind.TRENDING, size=3),
    RowSettings("because-2", kind=RowKind.BECAUSE, size=3),
    RowSettings("new", "Just in", kind=RowKind.NEW, size=4),
    RowSettings("popular", kind=RowKind.POPULAR, size=4),
    RowSettings("again", kind=RowKind.BUY_AGAIN, repeats=True, group_limit=0),
    RowSettings("too-many", "Never seen", kind=RowKind.TRENDING, min_size=500),
)
MINIMUM = {row.name: row.min_size for row in ROWS}


@pytest.fixture(scope="module")
def paged(served):
    """Lay rows out on home, with a pin into one of them."""
    shop = served.tiny.shop
    with shop.database.read() as unit:
        home = unit.releases.rules(served.tiny.curated_release).surface("home")
    pin = Pin(id=RuleId("pin-new"), slot=2, item_id=ItemId("i33"), scope=Scope(surface="home", row="new"))
    published = publish_rules(shop, replace(home, rows=ROWS), pin)
    served.endpoint.until_release(published)
    return served


def rows_of(reply):
    assert reply.status == 200, reply.body
    return {row["row"]: row for row in reply.json["rows"]}


def ids(row):
    return [item["item_id"] for item in row["items"]]


def own(row):
    """The items that are there by the row's kind: the pins on all of home hold in every row."""
    return [item for item in row["items"] if item["rule_id"] in {None, "theme-tea-time"}]


queries = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.sampled_from([*OWNED, "stranger"]),
        "market": st.sampled_from(["GB", "FR", "Atlantis"]),
        "personalised": st.sampled_from(["true", "false"]),
        "rules": st.sampled_from(["on", "off"]),
        "tag": st.just(["red", "blue", "green"]),
        "exclude": st.just(["i01", "i07"]),
        "limit": st.integers(1, 12),
        "price_max": st.just("12"),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
def test_an_item_stands_once_on_a_page_and_rows_keep_their_limits(paged, query):
    answer = paged.endpoint.ask(HOME, query=query).json
    shown = [item_id for row in answer["rows"] for item_id in ids(row)]
    assert len(set(shown)) == len(shown)
    assert not {VETOED, *query.get("exclude", ())} & set(shown)
    sizes = {row.name: row.size for row in ROWS}
    for row in answer["rows"]:
        assert 1 <= len(row["items"]) <= query.get("limit", sizes[row["row"]])
        assert [item["position"] for item in row["items"]] == list(range(1, len(row["items"]) + 1))
        assert row["title"]
        assert row["row"] == "main" or {each["source"] for each in row["items"]} <= {"pin", "theme", "model"}
    names = [row["row"] for row in answer["rows"]]
    assert names == [row.name for row in ROWS if row.name in names]
    assert "too-many" not in names


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries, limit=st.integers(1, 12))
def test_a_smaller_limit_gives_the_beginning_of_the_first_row(paged, query, limit):
    short = paged.endpoint.ask(HOME, query={**query, "limit": limit}).json["rows"]
    whole = paged.endpoint.ask(HOME, query={**query, "limit": 12}).json["rows"]
    assert [row["row"] for row in short][:1] == [row["row"] for row in whole][:1]
    assert all(ids(one) == ids(other)[:limit] for one, other in zip(short[:1], whole[:1], strict=True))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
def test_each_row_is_the_answer_for_that_row_without_what_stands_above(paged, query):
    above = set(query.get("exclude", ()))
    limit = query.get("limit", 4)
    for row in paged.endpoint.ask(HOME, query={**query, "limit": limit}).json["rows"]:
        asked = {**query, "limit": limit, "row": row["row"], "exclude": sorted(above)}
        assert paged.endpoint.recommend(**asked).json["items"] == row["items"]
        above |= set(ids(row))


def test_every_row_says_why_its_items_are_there(paged):
    rows = rows_of(paged.endpoint.ask(HOME, query={"user_id": "ann", "fields": "title"}))
    assert list(rows) == ["main", "tea", "because", "trending", "because-2", "new", "popular", "again"]
    assert [row["kind"] for row in rows.values()] == [
        "main", "theme", "because", "trending", "because", "new", "popular", "buy_again"
    ]  # fmt: skip
    assert rows["tea"]["title"] == "Tea time"
    assert {item["source"] for item in rows["tea"]["items"]} == {"theme"}
    assert set(ids(rows["tea"])) <= {*THEME_MEMBERS, "i05", "i25", "i35"}
    behind = [own(rows[name])[0]["reason"]["because"][0] for name in ("because", "because-2")]
    assert {each["item_id"] for each in behind} == set(OWNED["ann"])
    for name, each in zip(("because", "because-2"), behind, strict=True):
        assert rows[name]["title"] == f"Because you bought {each['title']}"
        assert {item["reason"]["text"] for item in own(rows[name])} == {rows[name]["title"]}
    assert {item["reason"]["text"] for item in own(rows["trending"])} == {"Trending in GB"}
    assert {item["reason"]["text"] for item in own(rows["popular"])} == {"Popular in GB"}
    assert rows["popular"]["title"] == "Popular in GB"
    assert rows["new"]["title"] == "Just in"


def test_a_row_may_be_pinned_into(paged):
    rows = rows_of(paged.endpoint.ask(HOME, query={"tag": ["ivory"], "limit": 3}))
    pinned = [item for row in rows.values() for item in row["items"] if item["rule_id"] == "pin-new"]
    shown_above = {
        item_id for name in ("main", "tea", "trending") if name in rows for item_id in ids(rows[name])
    }
    assert [item["item_id"] for item in pinned] == ([] if "i33" in shown_above else ["i33"])
    alone = paged.endpoint.recommend(row="new", limit=3).json["items"]
    assert (alone[1]["item_id"], alone[1]["source"]) == ("i33", "pin")
    assert alone[0]["reason"]["text"] == "New in the shop"


def test_titles_are_those_of_the_market(paged):
    rows = rows_of(paged.endpoint.ask(HOME, query={"user_id": "ann", "market": "FR"}))
    assert rows["because"]["title"].startswith("Comme Red ")


def test_the_newest_come_first_in_the_row_of_arrivals(paged):
    items = paged.endpoint.recommend(row="new", fields="added_at", rules="off", limit=30).json["items"]
    added = [item["added_at"] for item in items]
    assert added == sorted(added, reverse=True)
    earlier = paged.endpoint.recommend(
        row="new",
        fields="added_at",
        rules="off",
        limit=30,
        at="2026-01-10T12:00:00Z",
        key=paged.tiny.keys.admin,
    ).json["items"]
    assert 0 < len(earlier) < len(items)
    assert max(item["added_at"] for item in earlier) == "2026-01-10T00:00:00Z"


def test_owned_items_come_back_only_in_the_row_that_lets_them_in(paged):
    rows = rows_of(paged.endpoint.ask(HOME, query={"user_id": "cleo", "limit": 4}))
    owned = set(OWNED["cleo"])
    again = {item["item_id"] for item in own(rows["again"])}
    assert again
    assert owned >= again
    assert not owned & {i for name, row in rows.items() if name != "again" for i in ids(row)}


def test_without_personal_data_rows_that_need_it_are_dropped(paged):
    for query in ({}, {"user_id": "ann", "personalised": "false"}, {"user_id": "nobody"}):
        answer = paged.endpoint.ask(HOME, query=query).json
        assert not {"because", "because-2", "again"} & {row["row"] for row in answer["rows"]}
        assert answer["personalised"] is False
    assert paged.endpoint.ask(HOME, query={"user_id": "ann"}).json["personalised"] is True


def test_rules_off_drops_themes_and_pins_from_a_page(paged):
    answer = paged.endpoint.ask(HOME, query={"user_id": "ann", "rules": "off"}).json
    assert "tea" not in [row["row"] for row in answer["rows"]]
    assert {item["source"] for row in answer["rows"] for item in row["items"]} <= {"model", "fallback"}


def test_a_takedown_is_nowhere_on_a_page(paged):
    first = {item_id for row in paged.endpoint.ask(HOME).json["rows"] for item_id in ids(row)}
    assert PINNED in first
    taken = take_down(paged.tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="A recall")
    try:
        paged.endpoint.until_every_worker(
            lambda worker: PINNED not in str(worker.ask(HOME).json["rows"]), "the takedown"
        )
        for query in ({"user_id": "ann"}, {"rules": "off"}, {"limit": 100}):
            assert f"'item_id': '{PINNED}'" not in str(paged.endpoint.ask(HOME, query=query).json)
    finally:
        lift(paged.tiny.shop, OPERATOR, taken.id)
        paged.endpoint.until_every_worker(
            lambda worker: PINNED in str(worker.ask(HOME).json["rows"]), "the item again"
        )


def test_rows_may_be_ordered_for_the_shopper(paged):
    shop = paged.tiny.shop
    with shop.database.read() as unit:
        before = unit.state.pointer().release
        home = unit.releases.rules(before).surface("home")
    published = publish_rules(shop, replace(home, order=RowOrder.FOR_SHOPPER))
    try:
        paged.endpoint.until_release(published)
        orders = {who: list(rows_of(paged.endpoint.ask(HOME, query={"user_id": who}))) for who in OWNED}
        assert {order[0] for order in orders.values()} == {"main"}
        assert len({tuple(order) for order in orders.values()}) > 1
        nobody = [row["row"] for row in paged.endpoint.ask(HOME).json["rows"]]
        assert nobody == [row.name for row in ROWS if row.name in nobody]
    finally:
        paged.endpoint.until_release(roll_back(shop, OPERATOR, before).number)


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        ("/v1/pages/nowhere", {}, 404, "surface"),
        ("/v1/pages/%07", {}, 404, "surface"),
        (HOME, {"row": "main"}, 400, "row"),
        (HOME, {"cursor": "x"}, 400, "cursor"),
        (HOME, {"surface": "home"}, 400, "surface"),
        (HOME, {"limit": "0"}, 400, "limit"),
        (HOME, {"at": "2026-11-21T10:00:00Z"}, 403, "at"),
    ],
)
def test_errors_name_the_field(paged, path, query, status, field):
    reply = paged.endpoint.ask(path, query=query)
    assert reply.status == status
    assert [error["field"] for error in reply.json["errors"]] == [field]


def test_a_page_beside_an_item_begins_with_what_goes_with_it(paged):
    reply = paged.endpoint.ask("/v1/pages/product", query={"context_item": "i01", "limit": 5})
    (main,) = reply.json["rows"]
    assert {each["reason"]["because"][0]["item_id"] for each in main["items"]} == {"i01"}
    assert main["title"] == "Recommended"


def test_a_publishable_key_learns_nothing_of_a_shopper_from_a_page(paged):
    key = paged.tiny.keys.publishable
    assert paged.endpoint.ask(HOME, query={"user_id": "ann"}, key=key).status == 403
    answer = paged.endpoint.ask(HOME, query={"session_id": "ann"}, key=key).json
    assert all(item["reason"]["because"] == [] for row in answer["rows"] for item in row["items"])


def test_the_same_page_is_not_sent_twice(paged):
    first = paged.endpoint.ask(HOME, query={"user_id": "ann"})
    again = paged.endpoint.ask(
        HOME, query={"user_id": "ann"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status, again.body) == (304, b"")
