"""The quick way answers what the general way answers, byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from support.tiny_shop import ORIGIN, OWNED, TinyShop, make_tiny_shop, publish_rules

from recsys.domain.events import Event, EventType
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.rules import Boost, Pin
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.domain.windows import Window
from recsys.services.events import record_events
from recsys.serving.application import Application
from recsys.serving.lanes import Lane
from recsys.slates.compiling import COMPILES
from recsys.slates.refresh import LiveHolder

NOON = datetime.now(UTC).replace(microsecond=123456)
LATER = NOON + timedelta(hours=1)
RULES = [
    Pin(id=RuleId("tried"), slot=2, item_id=ItemId("i09"), scope=Scope(surface="product"), holdout=0.5),
    Pin(id=RuleId("french"), slot=4, item_id=ItemId("i10"), scope=Scope(market="FR")),
    Pin(id=RuleId("later"), slot=1, item_id=ItemId("i11"), window=Window(start=LATER)),
    Pin(id=RuleId("for-eve"), slot=1, item_id=ItemId("i13"), scope=Scope(user="eve")),
    Pin(id=RuleId("for-loyal"), slot=1, item_id=ItemId("i14"), scope=Scope(segment="loyal")),
    Boost(id=RuleId("lifted"), target=Target(item_id=ItemId("i14")), factor=5, scope=Scope(surface="cart")),
]
Ask = Callable[..., tuple[int, Any, bytes]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory, upgrade) -> Iterator[TinyShop]:
    folder = tmp_path_factory.mktemp("lanes")
    url = f"sqlite:///{folder / 'recsys.db'}"
    upgrade(url)
    tiny = make_tiny_shop(folder, url)
    publish_rules(tiny.shop, *RULES)
    told = [("u1", EventType.DISLIKE, "i03"), ("u2", EventType.PURCHASE, "i04")]
    record_events(
        tiny.shop,
        [
            Event(event_id=name, type=kind, item_id=ItemId(item), at=NOON, user=UserId("ann"))
            for name, kind, item in told
        ],
        NOON,
    )
    with tiny.shop.database.write() as unit:
        unit.shoppers.add_members([("dan", "loyal"), ("ann", "unheard-of")])
        unit.state.bump_overlay()
    yield tiny
    tiny.shop.database.close()


@pytest.fixture(scope="module")
def asking(shop) -> Callable[[datetime], Ask]:
    live = LiveHolder(shop.shop.database, shop.settings)
    live.catch_up()

    # One application for all moments: what a lane keeps must hold, or be found out.
    now = [NOON]
    application = Application(shop.shop, live, clock=lambda: now[0])

    def ask(query: str, key: str = shop.keys.read, **headers: str) -> tuple[int, Any, bytes]:
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/v1/recommendations", "QUERY_STRING": query,
            "HTTP_X_API_KEY": key, **headers,
        }  # fmt: skip
        body = b"".join(application(environ, lambda status, head: told.append((status, dict(head)))))
        return int(told[0][0][:3]), told[0][1], body

    def at(moment: datetime) -> Ask:
        now[0] = moment
        return ask

    return at


QUESTIONS = st.fixed_dictionaries(
    {"surface": st.sampled_from(["home", "product", "cart", "nowhere"])},
    optional={
        "user_id": st.sampled_from([*OWNED, "stranger", ""]),
        "session_id": st.just("s1"),
        "limit": st.integers(0, 30),
        "market": st.sampled_from(["FR", "GB", "XX"]),
        "fields": st.lists(
            st.sampled_from(["title", "price", "tags", "attributes"]), max_size=3, unique=True
        ),
        "rules": st.sampled_from(["on", "off"]),
        "personalised": st.sampled_from(["true", "false"]),
        "row": st.sampled_from(["main", "nothing"]),
        "tag": st.just("red"),
        "price_min": st.sampled_from([0, 5]),
        "exclude": st.just("i05"),
        "context_item": st.just("i06"),
        "segment": st.just("loyal"),
        "at": st.just("2026-11-21T09:30:00Z"),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(QUESTIONS, st.booleans(), st.sampled_from([NOON, LATER]))
def test_every_question_has_the_same_answer_both_ways(shop, asking, question, publishable, moment):
    ask, query = asking(moment), urlencode(question, doseq=True)
    key = shop.keys.publishable if publishable else shop.keys.read
    origin = {"HTTP_ORIGIN": ORIGIN} if publishable else {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("recsys.serving.lanes.COMPILES", False)
        expected = ask(query, key, **origin)
    for _ in range(2):
        assert ask(query, key, **origin) == expected


PLAIN = (
    "surface=product&user_id=ann&limit=5",
    "surface=home&user_id=bob&limit=8&fields=title&fields=price",
    "surface=cart&user_id=cleo&limit=4&rules=off",
    "surface=cart&user_id=cleo&limit=6&session_id=s1",
)


@pytest.mark.parametrize("query", PLAIN)
def test_plain_questions_take_the_quick_way(asking, monkeypatch, query):
    quick: list[bool] = []
    answer = Lane.answer

    def watched(self, *args, **options):
        response = answer(self, *args, **options)
        quick.append(response is not None)
        return response

    monkeypatch.setattr(Lane, "answer", watched)
    status, head, body = asking(NOON)(query)
    assert (status, quick) == (200, [COMPILES])
    assert json.loads(body)["items"]
    assert asking(NOON)(query, HTTP_IF_NONE_MATCH=head["ETag"])[0] == 304


def test_a_fault_of_the_quick_way_is_logged_without_the_shopper_and_the_general_way_answers(
    asking, monkeypatch
):
    def broken(*_args, **_options):
        raise IndexError("ann")

    monkeypatch.setattr(Lane, "answer", broken)
    with capture_logs() as told:
        assert asking(NOON)(PLAIN[0])[0] == 200
    faults = [each for each in told if each["event"] == "fault"]
    # Without compiled loops nobody takes the quick way.
    assert [each["error"] for each in faults] == ["IndexError"] * COMPILES
    assert not any("ann" in each["traceback"] for each in faults)


@pytest.mark.parametrize(
    "more",
    [
        "price_min=0",
        "price_max=9",
        "tag=red",
        "exclude=i05",
        "context_item=i06",
        "segment=x",
        "personalised=false",
    ],
)
def test_whoever_asks_for_more_goes_the_general_way(asking, monkeypatch, more):
    monkeypatch.setattr(Lane, "answer", lambda *_args, **_options: pytest.fail("took the quick way"))
    assert asking(NOON)(f"surface=product&user_id=ann&limit=5&{more}")[0] == 200


def test_windows_open_and_close_on_the_quick_way_too(asking):
    def pins(moment: datetime) -> list[str]:
        _, _, body = asking(moment)("surface=product&user_id=bob&limit=8")
        return [
            each["rule_id"] for each in json.loads(body)["items"] if each["rule_id"] in {"later", "french"}
        ]

    assert [pins(at) for at in (NOON, LATER, NOON)] == [["french"], ["later", "french"], ["french"]]


@pytest.mark.parametrize(("user", "item"), [("eve", "i13"), ("dan", "i14")])
def test_a_rule_for_one_shopper_or_segment_reaches_nobody_else_on_the_quick_way(asking, user, item):
    def first(asks: str) -> str:
        _, _, body = asking(NOON)(f"surface=product&user_id={asks}&limit=8&market=GB")
        return json.loads(body)["items"][0]["item_id"]

    assert [first(each) == item for each in (user, "ann", user)] == [True, False, True]


def test_what_a_shopper_told_bars_items_on_the_quick_way_too(asking):
    _, _, body = asking(NOON)("surface=product&user_id=ann&limit=20")
    assert not {"i03", "i04"} & {each["item_id"] for each in json.loads(body)["items"]}


SCRIPT = """
import os, sys
from recsys.serving.application import Application
from recsys.serving.warming import compile_loops
from recsys.services.shop import open_shop
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder
from recsys.serving import page_text
from recsys.slates import loops
settings = Settings.from_environment(os.environ)
shop = open_shop(settings)
live = LiveHolder(shop.database, settings)
live.catch_up()
application = Application(shop, live)
compile_loops()
compiled = [loops.standing, loops.table, loops.lay_page, loops.lay_page_of]
compiled += [page_text.script, page_text.sheet, page_text.write_page, page_text.unwritten]
for query in sys.argv[2:]:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/v1/recommendations", "QUERY_STRING": query, "HTTP_X_API_KEY": sys.argv[1]}
    application(environ, lambda status, _: print(status))
print(*[len(loop.signatures) for loop in compiled])
"""


def test_no_request_waits_for_a_loop_to_be_compiled(shop):
    """In a process of its own: other tests compile the loops for other arrays."""
    command = [sys.executable, "-c", SCRIPT, shop.keys.read, *PLAIN]
    done = subprocess.run(
        command,
        env={**os.environ, **shop.environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    told = [line for line in done.stdout.splitlines() if "request" not in line]
    assert told == [*["200 OK"] * len(PLAIN), "1 1 1 1 1 1 1 1"]
