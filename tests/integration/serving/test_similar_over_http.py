"""What goes with one item, by its address and in a body."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from support.tiny_shop import (
    ONLY_IN_FRANCE,
    OPERATOR,
    OUT_OF_STOCK,
    UNAVAILABLE,
    VETOED,
    tiny_items,
)

from recsys.domain.ids import ItemId
from recsys.domain.selectors import Target
from recsys.services.catalog import upsert_items
from recsys.services.takedowns import lift, take_down


def similar(served, item_id, **query):
    return served.endpoint.ask(f"/v1/items/{quote(item_id, safe='')}/similar", query=query)


def test_the_neighbours_come_first_and_fallback_fills_up(served):
    reply = similar(served, "i01", limit=30)
    items = reply.json["items"]
    assert reply.json["item_id"] == "i01"
    assert len(set(reply.item_ids)) == len(items) == 30
    assert [item["position"] for item in items] == list(range(1, 31))
    sources = [item["source"] for item in items]
    assert sources == sorted(sources, key=["model", "fallback"].index)
    assert {"model", "fallback"} == set(sources)
    beside = served.endpoint.recommend(surface="cart", context_item="i01", limit=30).json["items"]
    assert items == beside


def test_eligibility_holds(served):
    ids = set(similar(served, "i01", limit=100).item_ids)
    assert not {"i01", VETOED, UNAVAILABLE, OUT_OF_STOCK} & ids
    assert ONLY_IN_FRANCE in similar(served, "i01", limit=100, market="FR").item_ids
    assert ONLY_IN_FRANCE not in similar(served, "i01", limit=100, market="GB").item_ids


def test_a_takedown_holds_and_what_cannot_be_bought_still_has_neighbours(served):
    path = f"/v1/items/{UNAVAILABLE}/similar"
    first = similar(served, UNAVAILABLE).item_ids[0]
    taken = take_down(served.tiny.shop, OPERATOR, Target(item_id=ItemId(first)), reason="A recall")
    try:
        served.endpoint.until_every_worker(
            lambda worker: first not in worker.ask(path, query={"limit": 100}).item_ids, "the takedown"
        )
        assert similar(served, first).status == 200
    finally:
        lift(served.tiny.shop, OPERATOR, taken.id)
        served.endpoint.until_every_worker(
            lambda worker: worker.ask(path).item_ids[0] == first, "the item again"
        )


def test_an_unknown_item_is_404_in_the_address_and_in_the_body(served):
    for reply in (
        similar(served, "nope"),
        similar(served, "\x07"),
        served.endpoint.ask("/v1/similar", method="POST", body={"item_id": "nope"}),
    ):
        assert reply.status == 404
        assert [error["field"] for error in reply.json["errors"]] == ["item_id"]


def test_a_body_asks_what_the_address_asks(served):
    body = {"item_id": "i02", "limit": 7, "market": "FR", "fields": ["title"]}
    posted = served.endpoint.ask("/v1/similar", method="POST", body=body)
    asked = similar(served, "i02", limit=7, market="FR", fields="title")
    assert posted.json["items"] == asked.json["items"]
    assert all(item["title"] for item in asked.json["items"])


@pytest.mark.parametrize("query", [{"surface": "home"}, {"user_id": "ann"}, {"limit": 101}, {"cursor": "x"}])
def test_other_parameters_are_refused(served, query):
    reply = similar(served, "i01", **query)
    assert reply.status == 400
    assert [error["field"] for error in reply.json["errors"]] == list(query)


def test_ids_that_do_not_fit_into_an_address_are_asked_for_in_a_body(own):
    odd = ["Tasse für/2", "50%", "a b+c", "..", "Ω"]
    rows = [replace(tiny_items()[0], item_id=ItemId(each), title=each) for each in odd]
    upsert_items(own.tiny.shop, OPERATOR, rows)
    last = {"item_id": odd[-1], "limit": 5}
    own.endpoint.until_every_worker(
        lambda worker: worker.ask("/v1/similar", method="POST", body=last).status == 200, "the new items"
    )
    for item_id in odd:
        body = {"item_id": item_id, "limit": 5}
        posted = own.endpoint.ask("/v1/similar", method="POST", body=body)
        assert posted.json["item_id"] == item_id
        assert len(posted.item_ids) == 5
    for item_id in ("50%", "a b+c", "Ω"):
        asked = similar(own, item_id, limit=5)
        assert asked.json["item_id"] == item_id


def test_the_answer_is_not_sent_twice_and_logs_keep_to_the_template(served):
    first = similar(served, "i01")
    again = served.endpoint.ask("/v1/items/i01/similar", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert "/v1/items/{item_id}/similar" in {line.get("path") for line in served.endpoint.log_lines()}
