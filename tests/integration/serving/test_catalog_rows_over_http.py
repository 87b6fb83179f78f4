"""`POST /v1/items` over a real socket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from recsys.services.auditing import entries
from recsys.services.catalog import find_items


def post(served, *rows, key=None):
    return served.endpoint.ask(
        "/v1/items", method="POST", key=key or served.tiny.keys.admin, body={"items": rows}
    )


def stored(served, item_id):
    return find_items(served.tiny.shop, [item_id])[item_id]


def test_rows_are_stored_and_live_when_they_are_acknowledged(served):
    before = stored(served, "i20")
    reply = post(
        served, {"item_id": "i20", "stock": 0}, {"item_id": "new-1", "title": "New thing", "tags": ["new"]}
    )
    assert reply.status == 200
    assert reply.json["accepted"] == 2
    after = stored(served, "i20")
    assert (after.stock, after.title, after.attributes) == (0, before.title, before.attributes)
    served.endpoint.until_every_worker(
        lambda worker: "new-1" in worker.recommend(limit=100).item_ids, "the new item"
    )
    assert "i20" not in served.endpoint.recommend(limit=100).item_ids
    assert served.endpoint.recommend(tag="new").item_ids == ["new-1"]


def test_one_wrong_row_keeps_all_out(served):
    reply = post(
        served, {"item_id": "i20", "price": 1}, {"item_id": "new-2"}, {"item_id": "i21", "price": -1}
    )
    assert reply.status == 400
    assert [error["field"] for error in reply.json["errors"]] == ["items[2].price"]
    reply = post(served, {"item_id": "i20", "price": 1}, {"item_id": "new-2"})
    assert [error["field"] for error in reply.json["errors"]] == ["items[1].title"]
    assert stored(served, "i20").price != 1
    assert find_items(served.tiny.shop, ["new-2"]) == {}


def test_rows_that_change_nothing_move_no_revision(served):
    first = post(served, {"item_id": "i20", "price": 7.5}).json["revision"]
    assert post(served, {"item_id": "i20", "price": 7.5}).json == {"revision": first, "accepted": 1}


def test_two_who_change_different_fields_of_an_item_both_succeed(served):
    rows = [{"item_id": "i22", "attributes": {f"a{number}": number}} for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda row: post(served, row), rows))
    assert [reply.status for reply in replies] == [200] * 12
    assert set(stored(served, "i22").attributes) == {"cost", *(f"a{number}" for number in range(12))}


def test_the_audit_names_the_key(served):
    post(served, {"item_id": "i20", "price": 9})
    entry = entries(served.tiny.shop, command="catalog.upsert", limit=1)[0]
    assert (entry.actor, entry.target) == ("key backoffice", "i20")


def test_a_body_of_any_other_kind_is_refused_and_read_to_its_end(served):
    def status(body, content_type="application/json"):
        headers = {"Content-Type": content_type}
        return served.endpoint.ask(
            "/v1/items", method="POST", key=served.tiny.keys.admin, body=body, headers=headers
        ).status

    assert status(b"{}", "text/csv") == 415
    assert status(b"{") == 400
    assert status(b" " * 6_000_000) == 413


def test_a_full_batch_of_a_thousand_rows_is_taken(served):
    rows = [{"item_id": f"bulk-{number}", "title": f"Thing {number}"} for number in range(1_000)]
    assert post(served, *rows).json["accepted"] == 1_000
    assert post(served, *rows, {"item_id": "one-more", "title": "One more"}).status == 400
