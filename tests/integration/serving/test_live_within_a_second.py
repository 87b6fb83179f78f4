"""What people change now acts now, on every worker, while the workers are busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.endpoint import Endpoint, Reply
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

PROMISED_SECONDS = 1.0
WATCHED_SECONDS = 1.0
CLIENTS = 4


@dataclass(slots=True)
class Watch:
    """Replies with the moments at which they were asked for."""

    replies: list[tuple[float, Reply]] = field(default_factory=list)

    def asked_after(self, moment: float) -> list[Reply]:
        return [reply for asked, reply in self.replies if asked >= moment]


@contextmanager
def load(endpoint: Endpoint, **query) -> Iterator[Watch]:
    """Several clients that ask without pause, each time over a new connection."""
    watch, over, faults = Watch(), threading.Event(), []

    def ask() -> None:
        while not over.is_set():
            moment = time.monotonic()
            try:
                watch.replies.append((moment, endpoint.recommend(limit=100, **query)))
            except OSError as fault:
                faults.append(fault)

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield watch
    finally:
        over.set()
        for client in clients:
            client.join()
    assert faults == []


def after_a_second(watch: Watch, act: Callable[[], object]) -> list[Reply]:
    """Act, and give what was asked for later than the promised second after that, until enough was seen."""
    act()
    promised = time.monotonic() + PROMISED_SECONDS
    time.sleep(PROMISED_SECONDS + WATCHED_SECONDS)
    replies = watch.asked_after(promised)
    assert len(replies) > 20
    return replies


def workers_that_answered(endpoint: Endpoint) -> int:
    return len({line["pid"] for line in endpoint.log_lines() if line.get("path") == "/v1/recommendations"})


def test_a_takedown_is_out_of_every_answer_within_a_second_and_back_when_lifted(served):
    shop = served.tiny.shop
    with load(served.endpoint, user_id="ann") as watch:
        time.sleep(0.2)
        assert all(PINNED in reply.item_ids for reply in watch.asked_after(0))
        taken = take_down(shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="A recall")
        later = after_a_second(watch, lambda: roll_back(shop, OPERATOR, served.tiny.plain_release))
        assert not [reply for reply in later if PINNED in reply.item_ids]
        later = after_a_second(watch, lambda: lift(shop, OPERATOR, taken.id))
        assert all(PINNED in reply.item_ids for reply in later)
        after_a_second(watch, lambda: roll_back(shop, OPERATOR, served.tiny.curated_release))
    assert workers_that_answered(served.endpoint) == 2


def test_an_item_set_to_not_available_is_out_of_every_answer_within_a_second(served):
    with load(served.endpoint, user_id="bob") as watch:
        later = after_a_second(watch, lambda: set_availability(served.tiny.shop, OPERATOR, [PINNED], False))
        assert not [reply for reply in later if PINNED in reply.item_ids]
        row = {"item_id": PINNED, "available": True}
        later = after_a_second(
            watch,
            lambda: served.endpoint.ask(
                "/v1/items", method="POST", key=served.tiny.keys.admin, body={"items": [row]}
            ),
        )
        assert all(PINNED in reply.item_ids for reply in later)
    assert workers_that_answered(served.endpoint) == 2


def test_a_publication_is_in_every_answer_within_a_second_and_roll_back_restores_the_old_slate(served):
    shop, old = served.tiny.shop, served.endpoint.recommend(user_id="ann", limit=100).item_ids
    pin = Pin(id=RuleId("pin-new"), slot=1, item_id=ItemId("i33"), scope=Scope(surface="home"))
    with load(served.endpoint, user_id="ann") as watch:
        later = after_a_second(watch, lambda: publish_rules(shop, pin))
        assert {reply.item_ids[0] for reply in later} == {"i33"}
        later = after_a_second(watch, lambda: roll_back(shop, OPERATOR, served.tiny.curated_release))
        assert all(reply.item_ids == old for reply in later)


def test_every_answer_is_of_one_whole_release(served):
    shop = served.tiny.shop
    with load(served.endpoint, user_id="cleo") as watch:
        for number in range(6):
            back = (served.tiny.plain_release, served.tiny.curated_release)[number % 2]
            roll_back(shop, OPERATOR, back)
            time.sleep(0.3)
    assert served.endpoint.recommend().json["release_id"] > served.tiny.curated_release
    slates: dict[int, set[tuple[str, ...]]] = {}
    for _, reply in watch.replies:
        assert reply.status == 200
        slates.setdefault(reply.json["release_id"], set()).add(tuple(reply.item_ids))
    assert len(slates) >= 6
    assert all(len(each) == 1 for each in slates.values())


def test_a_revoked_key_is_refused_within_a_second(served):
    shop = served.tiny.shop
    text, info = add_key(shop, OPERATOR, "short-lived", ["read"])
    with load(served.endpoint, key=text) as watch:
        after_a_second(watch, lambda: None)
        assert watch.replies[-1][1].status == 200
        later = after_a_second(watch, lambda: revoke_key(shop, OPERATOR, info.id))
        assert {reply.status for reply in later} == {401}
