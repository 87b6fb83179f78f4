"""A client that counts all the while: shoppers who ask, tellers of events, and people who take down and publish.

A campaign breaks something inside `vigil(…)`; when the block ends, every law must have held (`support.ledger`).
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from http.client import HTTPException
from typing import Any

from sqlalchemy import select

from recsys.domain.errors import Invalid, RecsysError
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import AnyRule, Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.releasing import accept_run, publish, roll_back
from recsys.services.shop import Shop
from recsys.services.takedowns import lift, take_down
from recsys.storage.tables import EventRow
from recsys.storage.takedowns import Takedown
from support.endpoint import PATIENCE_SECONDS, Endpoint, Reply
from support.ledger import PAIRS, Ledger, Out, Published
from support.promise import let_the_promised_second_pass
from support.tiny_shop import OWNED, PINNED, TinyShop

TAKEN_DOWN = (PINNED, "i15", "i32", "i37")
DISLIKED = ("i22", "i23", "i25", "i26")
VETOED = ("i10", "i11", "i19")
_PAUSE_SECONDS = 0.01
_HELD_SECONDS = 0.3
_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a campaign may do to a client.

    Attributes:
        broken: a connection may break; the client asks once more.
        busy: a recommendation may be answered 429 or 503, with Retry-After.

    """

    broken: bool = False
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Retrying(Endpoint):
    """An endpoint asked once more when the connection breaks, where that is allowed."""

    allowed: Allowed = Allowed()
    broken: Counter[str] = field(default_factory=Counter)

    def ask(self, path: str, **question: Any) -> Reply:
        """One request, or two."""
        # No zero-argument super(): slots make another class of this one.
        try:
            return Endpoint.ask(self, path, **question)
        except (OSError, HTTPException):
            if not self.allowed.broken:
                raise
            self.broken["connections"] += 1
            # A process that is killed lets go of its connections first and of its port last: who asks again in the
            # same instant may be put into its queue.
            time.sleep(_AGAIN_SECONDS)
            return Endpoint.ask(self, path, **question)


@dataclass
class Vigil:
    """One watch over a running endpoint; what came of it is in `answers` and in the ledger."""

    tiny: TinyShop
    endpoint: Retrying
    ledger: Ledger
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    abandoned: list[set[str]] = field(default_factory=list)
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    over: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _pairs: Iterator[str] = field(default_factory=lambda: itertools.cycle(PAIRS))
    _vetoed: Iterator[str] = field(default_factory=lambda: itertools.cycle(VETOED))
    _runs: dict[str, int] = field(default_factory=dict)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds; laws broken meanwhile end the wait."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert not self.ledger.faults, self.ledger.faults[:10]
            assert time.monotonic() < deadline, f"{what} did not come: {self.answers}, {self.ledger.kept}"
            time.sleep(0.05)

    def last(self, seconds: float) -> None:
        """Let the fault last so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert not self.ledger.faults, self.ledger.faults[:10]
            time.sleep(0.05)

    def until_more(self, **wanted: int) -> None:
        """Wait until so many more promises of each kind were kept."""
        before = Counter(self.ledger.kept)
        self.until(
            lambda: all(self.ledger.kept[kind] - before[kind] >= count for kind, count in wanted.items()),
            f"{wanted} more promises",
        )

    # Those who ask.

    def asks(self) -> None:
        """Ask until the watch is over, as many shoppers and in many ways."""
        for number in itertools.count():
            if self.over.wait(_PAUSE_SECONDS):
                return
            user = [*OWNED, "stranger", None][number % (len(OWNED) + 2)]
            self._ask(number, user)

    def _ask(self, number: int, user: str | None) -> None:
        who = {} if user is None else {"user_id": user}
        way, standing = number % 5, self.ledger.standing()
        if way == 0:
            path, sent = "/v1/pages/home", {"query": who}
        elif way == 1:
            path, sent = (
                "/v1/recommendations",
                {"query": {"surface": "home", "rules": "off", "limit": 100, **who}},
            )
        elif way == 2:
            body = {"surface": "home", "limit": 50, **who}
            path, sent = "/v1/recommendations", {"method": "POST", "body": body}
        else:
            path, sent = "/v1/recommendations", {"query": {"surface": "home", "limit": 40, **who}}
        reply = self._reply(path, sent)
        if reply is None or reply.status != 200:
            return
        answer = reply.json
        rows = [row["items"] for row in answer["rows"]] if "rows" in answer else [answer["items"]]
        self.ledger.judge(standing, user, answer, rows, pins=way != 1)

    def _reply(self, path: str, sent: Mapping[str, Any]) -> Reply | None:
        """The answer to a question about recommendations; what is not planned is a fault."""
        try:
            reply = self.endpoint.ask(path, **sent)
        except (OSError, HTTPException) as fault:
            self.ledger.fault(f"{path}: no answer ({fault!r})")
            return None
        self.answers[path, reply.status] += 1
        busy = self.endpoint.allowed.busy and reply.status in {429, 503} and "retry-after" in reply.headers
        if reply.status != 200 and not busy:
            self.ledger.fault(f"{path}: {reply.status} {reply.body[:200]!r}")
        return reply

    # Those who tell.

    def tells(self) -> None:
        """Tell events in small lots until the watch is over, each lot until it is acknowledged, but for a few."""
        for number in itertools.count():
            if self.over.wait(_PAUSE_SECONDS):
                return
            lot = [
                {
                    "event_id": f"{self.name}-{next(self._numbers)}",
                    "type": "view",
                    "item_id": "i05",
                    "user_id": f"told-{number}",
                }
                for _ in range(1 + number % 7)
            ]
            self.tell(lot, gives_up=number % 5 == 4)

    def tell(self, lot: list[dict[str, Any]], *, gives_up: bool = False) -> bool:
        """Tell a lot of events; whether it was acknowledged. `gives_up`: not told again when it is refused."""
        names = {each["event_id"] for each in lot}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                reply = self.endpoint.ask(
                    "/v1/events", method="POST", key=self.tiny.keys.events, body={"events": lot}
                )
            except (OSError, HTTPException) as fault:
                self.ledger.fault(f"/v1/events: no answer ({fault!r})")
                return False
            self.answers["/v1/events", reply.status] += 1
            if reply.status == 202:
                if reply.json["refused"]:
                    self.ledger.fault(f"events refused: {reply.body[:300]!r}")
                self.acknowledged |= names
                return True
            if reply.status not in {429, 503} or int(reply.headers.get("retry-after", 0)) < 1:
                self.ledger.fault(f"/v1/events: {reply.status} {reply.body[:200]!r}")
            if gives_up:
                self.abandoned.append(names)
                return False
            if self.ledger.faults:
                return False  # it is lost anyway
            if time.monotonic() > deadline:
                self.ledger.fault(f"events were not taken for {PATIENCE_SECONDS} s")
                return False
            time.sleep(0.1)

    def dislikes(self) -> None:
        """Let shoppers dislike an item, and think again, in turn."""
        pairs = list(itertools.product(OWNED, DISLIKED))
        for turn in itertools.count():
            user, item = pairs[turn % len(pairs)]
            with self.ledger.acting():
                if self.over.is_set() or not self._feel("dislike", turn, user, item):
                    return
                self.ledger.second()
            with self.ledger.promised(Out("dislike", item, user)):
                self.over.wait(_HELD_SECONDS)
            self._feel("undislike", turn, user, item)

    def _feel(self, kind: str, turn: int, user: str, item: str) -> bool:
        event = {
            "event_id": f"{self.name}-{kind}-{turn}-{user}-{item}",
            "type": kind,
            "item_id": item,
            "user_id": user,
        }
        return self.tell([event])

    # Those who act in the desk.

    def takes_down(self) -> None:
        """Take items down and lift them again, in turn."""
        for item in itertools.cycle(TAKEN_DOWN):
            if self.over.is_set():
                return
            with self.ledger.acting():
                taken = self._done(lambda item=item: self._take_down(item))
                if taken is not None:
                    self.ledger.second()
            if taken is None:
                continue
            with self.ledger.promised(Out("takedown", item)):
                self.over.wait(_HELD_SECONDS)
            while self._done(lambda taken=taken: lift(self.tiny.shop, OPERATOR, taken.id) or taken) is None:
                if self.over.wait(0.2):
                    return

    def _take_down(self, item: str) -> Takedown:
        target = Target(item_id=ItemId(item))
        return take_down(self.tiny.shop, OPERATOR, target, reason="Recalled")

    def publishes(self, every: float = 2.0) -> None:
        """Publish something new again and again."""
        while not self.over.wait(every):
            self.publish()

    def publish(self) -> int | None:
        """Publish another pair of pins under another veto; the release's number, None when that was refused."""
        first, vetoed, shop = next(self._pairs), next(self._vetoed), self.tiny.shop
        home = Scope(surface="home")
        pins = [
            Pin(id=RuleId(f"pin-pair-{slot}"), slot=slot, item_id=ItemId(item), scope=home)
            for slot, item in ((1, first), (2, PAIRS[first]))
        ]
        veto = Veto(id=RuleId("veto-moving"), target=Target(item_id=ItemId(vetoed)), reason="For the watch")
        with self.ledger.acting():
            number = self._done(lambda: _publish(shop, *pins, veto))
            if number is not None:
                self.ledger.published(number, Published(first, vetoed, self._run_id()))
        return number

    def swap_run(self) -> int:
        """Publish the other run under the rules as they are."""
        shop, live = self.tiny.shop, max(self.ledger.releases)
        now, told = self._run_id(), self.ledger.releases[live]
        if now == "run-1" and "run-2" not in self._runs:
            made = accept_run(shop, OPERATOR, "run-2")
        else:
            other = "run-1" if now == "run-2" else "run-2"
            made = roll_back(shop, OPERATOR, self._runs[other], what="run")
        assert made.run_id is not None
        self._runs[made.run_id] = made.number
        self.ledger.published(made.number, Published(told.first, told.vetoed, made.run_id))
        return made.number

    def _run_id(self) -> str:
        """The run that is live."""
        latest = max(self.ledger.releases, default=None)
        return "run-1" if latest is None else self.ledger.releases[latest].run_id

    def _done(self, act: Callable[[], Any]) -> Any:
        """What came of an act, None when it was refused: then nothing was promised."""
        try:
            return act()
        except RecsysError as refusal:
            self.answers[f"refused: {type(refusal).__name__}", 0] += 1
            time.sleep(0.1)
            return None

    # The end.

    def check_events(self) -> None:
        """Every acknowledged event is there once, and of what was given up all or nothing."""
        with self.tiny.shop.database.connect() as connection:
            ours = select(EventRow.event_id).where(EventRow.event_id.startswith(f"{self.name}-"))
            stored = Counter(connection.scalars(ours))
        assert not self.acknowledged - stored.keys(), "acknowledged events are lost"
        assert not [name for name, count in stored.items() if count > 1]
        given_up = set().union(*self.abandoned) if self.abandoned else set()
        assert not stored.keys() - self.acknowledged - given_up
        for lot in self.abandoned:
            assert len(lot & stored.keys()) in {0, len(lot)}, "half of a lot was stored"


def _publish(shop: Shop, *rules: AnyRule) -> int:
    """Put rules into the draft, where an attempt that was cut off may have left some, and publish all of it."""
    for rule in rules:
        with suppress(Invalid):  # it stands like this already
            put_rule(shop, OPERATOR, rule, expected=rule_token(read_draft(shop), rule.id))
    changes = [change.id for change in read_draft(shop).changes]
    return publish(shop, OPERATOR, changes, comment="for the watch").number


@contextmanager
def vigil(
    tiny: TinyShop,
    endpoint: Endpoint,
    *,
    allowed: Allowed = Allowed(),
    askers: int = 2,
    publishing: bool = True,
) -> Iterator[Vigil]:
    """Watch until the block ends; then every law must have held, and every promise been made at least once."""
    given = {each.name: getattr(endpoint, each.name) for each in fields(Endpoint)}
    retrying = Retrying(**given, allowed=allowed)
    patient = Retrying(**given, allowed=Allowed(broken=True))
    watch = Vigil(tiny, retrying, Ledger(lambda: let_the_promised_second_pass(patient)))
    watch._runs["run-1"] = tiny.curated_release
    # From the first publication on the pairs tell releases apart.
    watch.publish()
    endpoint.until_release(max(watch.ledger.releases))
    acts: list[Callable[[], None]] = [*[watch.asks] * askers, watch.tells, watch.dislikes, watch.takes_down]
    acts += [watch.publishes] if publishing else []
    threads = [threading.Thread(target=_whole, args=(watch, act)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        watch.until_more(takedown=1, dislike=1)
        yield watch
        watch.until_more(takedown=1, dislike=1)
    finally:
        watch.over.set()
        for thread in threads:
            thread.join()
    watch.ledger.close()
    assert watch.ledger.faults == [], watch.ledger.faults[:10]
    endpoint.until_release(max(watch.ledger.releases))
    watch.check_events()
    assert sum(count for (_, status), count in watch.answers.items() if status == 200) > 50, watch.answers


def _whole(watch: Vigil, act: Callable[[], None]) -> None:
    """Nobody may leave the watch unnoticed."""
    try:
        act()
    except Exception as fault:  # noqa: BLE001 - whatever ends a thread is a fault of the campaign
        watch.ledger.fault(f"{act.__name__} ended: {fault!r}")
