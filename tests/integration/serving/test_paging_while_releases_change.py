"""A shopper who pages on while everything changes sees nothing twice and misses nothing that stays eligible."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_shop import OWNED

from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.people import OPERATOR
from recsys.domain.requests import Request
from recsys.domain.rules import Boost, Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.services.catalog import set_availability
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.releasing import accept_run, publish, roll_back
from recsys.services.takedowns import lift, take_down
from recsys.slates.answer import Asker
from recsys.slates.refresh import LiveHolder

HOME = Scope(surface="home")
_events = itertools.count()
slots, places = st.integers(1, 30), st.integers(0, 35)
acts = st.one_of(
    st.tuples(st.just("pin"), slots, places),
    st.tuples(st.just("veto"), places),
    st.tuples(st.just("boost"), st.sampled_from(["red", "blue", "green", "ivory"])),
    st.tuples(st.just("swap run")),
    st.tuples(st.just("roll back")),
    st.tuples(st.just("take down"), places),
    st.tuples(st.just("sell out"), places),
    st.tuples(st.just("dislike"), places),
)


@dataclass
class Changes:
    """What people do between two pages; `gone` is what did not stay eligible, `undo` what to do in the end."""

    served: object
    user: str
    items: list[str]
    gone: set[str] = field(default_factory=set)
    undo: list[Callable[[], object]] = field(default_factory=list)

    def do(self, kind: str, *more: object) -> None:
        """Do one thing, and wait until every worker shows it."""
        getattr(self, f"_{kind.replace(' ', '_')}")(*more)

    def _item(self, place: int) -> str:
        return self.items[place % len(self.items)]

    def _pin(self, slot: int, place: int) -> None:
        item = ItemId(self._item(place))
        self._publish(Pin(id=RuleId(f"pin-paging-{slot}"), slot=slot, item_id=item, scope=HOME))

    def _veto(self, place: int) -> None:
        # In the next release alone: the one that the cursor points into goes on without it.
        item = ItemId(self._item(place))
        self._publish(Veto(id=RuleId("veto-paging"), target=Target(item_id=item), reason="While paging"))

    def _boost(self, tag: str) -> None:
        target = Target(selector=Selector(tags=(tag,)))
        self._publish(Boost(id=RuleId("boost-paging"), target=target, factor=9.0, scope=HOME))

    def _publish(self, rule: Pin | Veto | Boost) -> None:
        shop = self._shop
        try:
            put_rule(shop, OPERATOR, rule, expected=rule_token(read_draft(shop), rule.id))
        except Invalid:
            return  # it stands like this already
        everything = [change.id for change in read_draft(shop).changes]
        self._await_release(publish(shop, OPERATOR, everything).number)

    def _swap_run(self) -> None:
        with self._shop.database.read() as unit:
            run_id = unit.releases.newest(1)[0].run_id
            ready = unit.runs.get("run-2").status == "ready"
            other = [each.number for each in unit.releases.newest(500) if each.run_id not in {run_id, None}]
        if ready:
            made = accept_run(self._shop, OPERATOR, "run-2")
        else:
            made = roll_back(self._shop, OPERATOR, other[0], what="run")
        self._await_release(made.number)

    def _roll_back(self) -> None:
        with self._shop.database.read() as unit:
            number = unit.releases.newest(1)[0].number
        self._await_release(roll_back(self._shop, OPERATOR, number - 1).number)

    def _take_down(self, place: int) -> None:
        item = self._item(place)
        if item in self.gone:
            return
        self._lose(item)
        taken = take_down(self._shop, OPERATOR, Target(item_id=ItemId(item)), reason="Recalled")
        self.undo.append(lambda: lift(self._shop, OPERATOR, taken.id))
        self._await_without(item)

    def _sell_out(self, place: int) -> None:
        item = self._item(place)
        self._lose(item)
        set_availability(self._shop, OPERATOR, [item], False)
        self.undo.append(lambda: set_availability(self._shop, OPERATOR, [item], True))
        self._await_without(item)

    def _dislike(self, place: int) -> None:
        item = self._item(place)
        self._lose(item)
        self._tell("dislike", item)
        self.undo.append(lambda: self._tell("undislike", item))
        self._await_without(item)

    def _tell(self, kind: str, item: str) -> None:
        event = {"event_id": f"paging-{next(_events)}", "type": kind, "item_id": item, "user_id": self.user}
        told = self._endpoint.ask(
            "/v1/events", method="POST", key=self.served.tiny.keys.events, body={"events": [event]}
        )
        assert told.status == 202, told.body

    def _lose(self, item: str) -> None:
        self.gone.add(item)

    @property
    def _shop(self):
        return self.served.tiny.shop

    @property
    def _endpoint(self):
        return self.served.endpoint

    def _await_release(self, number: int) -> None:
        self._endpoint.until_release(number)

    def _await_without(self, item: str) -> None:
        self._endpoint.until_every_worker(
            lambda worker: item not in worker.recommend(user_id=self.user, limit=100).item_ids,
            f"a slate without {item}",
        )


def paged(endpoint, user: str, limit: int, between: Callable[[int], None]) -> Iterator[dict]:
    """All pages of the row, with something done between any two."""
    cursor: dict[str, str] = {}
    for place in range(60):
        answer = endpoint.recommend(user_id=user, limit=limit, **cursor).json
        yield answer
        if answer["next_cursor"] is None:
            return
        between(place)
        cursor = {"cursor": answer["next_cursor"]}
    pytest.fail("the pages do not end")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    user=st.sampled_from([*OWNED, "stranger"]),
    limit=st.integers(3, 15),
    script=st.lists(st.lists(acts, max_size=2), min_size=1, max_size=6),
)
def test_nothing_comes_twice_and_nothing_that_stays_eligible_is_skipped(served, user, limit, script):
    whole = served.endpoint.recommend(user_id=user, limit=100).json
    assert whole["next_cursor"] is None
    everything = [item["item_id"] for item in whole["items"]]
    changes = Changes(served, user, everything)
    try:
        answers = list(
            paged(
                served.endpoint,
                user,
                limit,
                lambda place: [changes.do(*act) for act in script[place % len(script)]],
            )
        )
    finally:
        for back in reversed(changes.undo):
            back()
        as_it_stands = shown_now(served, user)
        served.endpoint.until_every_worker(
            lambda worker: worker.recommend(user_id=user, limit=100, rules="off").item_ids == as_it_stands,
            "that all is back",
        )
    seen = [item["item_id"] for answer in answers for item in answer["items"]]
    assert len(set(seen)) == len(seen), "an item came twice"
    assert set(everything) - changes.gone <= set(seen), "an item that stayed eligible was skipped"
    assert {answer["release_id"] for answer in answers} == {whole["release_id"]}, "a page of another release"
    positions = [item["position"] for answer in answers for item in answer["items"]]
    assert positions == sorted(set(positions)), "a slot came twice"


def shown_now(served, user: str) -> list[str]:
    """What the database as it stands comes to, read anew: the live release may veto what else is back, or know it as owned."""
    shop = served.tiny.shop
    state = LiveHolder(shop.database, shop.settings).whole()
    asked = Request(at=datetime.now(UTC), surface="home", user=UserId(user), limit=100, rules=False)
    slate = Asker(shop.settings.identity_key).answer(state, asked, state.release).slate
    return [each.item_id for each in slate.items]
