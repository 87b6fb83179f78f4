"""More than can be answered in time: some are turned away at once, and when it is over all are let in again."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest
from support.endpoint import running_endpoint
from support.tiny_shop import make_tiny_shop

from recsys.serving.turnstile import MOST_WRITING


def wait_until(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def tiny(tmp_path, sqlite_url):
    made = make_tiny_shop(tmp_path, sqlite_url)
    yield made
    made.shop.database.close()


def test_under_too_much_load_some_are_turned_away_and_later_none(tmp_path, tiny):
    environment = {**tiny.environment, "RECSYS_SHED_SECONDS": "0.02"}
    with running_endpoint(environment, tmp_path, key=tiny.keys.read, workers=1) as endpoint:
        over, replies = threading.Event(), []

        def ask():
            while not over.is_set():
                try:
                    replies.append(endpoint.recommend(user_id="ann", limit=100))
                except OSError:
                    continue

        clients = [threading.Thread(target=ask) for _ in range(32)]
        for each in clients:
            each.start()
        wait_until(lambda: any(reply.status == 503 for reply in list(replies)))
        over.set()
        for each in clients:
            each.join()
        assert {reply.status for reply in replies} == {200, 503}
        turned = next(reply for reply in replies if reply.status == 503)
        assert int(turned.headers["retry-after"]) > 0
        assert turned.headers["content-type"] == "application/problem+json"
        assert turned.headers["connection"] == "close"
        wait_until(lambda: all(endpoint.recommend(user_id="ann").status == 200 for _ in range(20)))
        text = endpoint.ask("/metrics", key=None).body.decode()
        shed = next(line for line in text.splitlines() if line.startswith("recsys_requests_shed_total"))
        assert float(shed.split()[1]) >= sum(reply.status == 503 for reply in replies)


def test_a_database_that_hangs_holds_up_no_recommendation(tmp_path, tiny):
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=1) as endpoint:
        blocker = sqlite3.connect(tiny.settings.home / "recsys.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        replies = []

        def tell(number):
            event = {"event_id": f"e{number}", "type": "view", "item_id": "i05", "user_id": "bob"}
            replies.append(
                endpoint.ask("/v1/events", method="POST", key=tiny.keys.events, body={"events": [event]})
            )

        tellers = [threading.Thread(target=tell, args=(number,)) for number in range(24)]
        for each in tellers:
            each.start()
        refused = len(tellers) - MOST_WRITING
        wait_until(lambda: len(replies) >= refused)
        assert {reply.status for reply in replies} == {503}
        assert [endpoint.recommend(user_id="ann").status for _ in range(20)] == [200] * 20
        assert len(replies) == refused, "the others still wait for the database"
        blocker.execute("ROLLBACK")
        blocker.close()
        for each in tellers:
            each.join()
        assert [reply.status for reply in replies[refused:]] == [202] * MOST_WRITING
