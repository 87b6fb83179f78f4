"""Three replicas of one PostgreSQL, each in turn killed, stood still and cut off while releases are published.

Every replica has a home of its own and fetches its snapshot from a shared store. Each is watched by a client of its own.
While one is disturbed its answers must be whole; two seconds after its return they must be new as well.
"""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from support.cut_line import CutLine
from support.ledger import PAIRS, Out, Published
from support.object_storage import folder_url
from support.postgres import StoppablePostgres
from support.replica import Replica
from support.tiny_shop import TinyShop, make_tiny_shop, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.models.progress import Silent
from recsys.services.sharing import share_snapshot
from recsys.services.takedowns import lift, take_down

REPLICAS, DISTURBANCES = 3, ("killed", "stood still", "cut off")
VETOED, TAKEN_DOWN, MEANWHILE = ("i10", "i11", "i19"), ("i15", "i37"), "i32"


@pytest.fixture
def tiny(own_postgres: StoppablePostgres, tmp_path: Path) -> Iterator[TinyShop]:
    """A shop whose snapshot is in a store, on a PostgreSQL of this test's own."""
    made = make_tiny_shop(tmp_path / "home", own_postgres.url)
    settings = replace(made.settings, store_url=folder_url(tmp_path / "store"))
    share_snapshot(settings, settings.snapshots_dir / "run-1", Silent())
    yield replace(made, shop=replace(made.shop, settings=settings))
    made.shop.database.close()


@pytest.fixture
def replicas(tiny: TinyShop, own_postgres: StoppablePostgres, tmp_path: Path) -> Iterator[list[Replica]]:
    """Three replicas that answer."""
    found = []
    for number in range(REPLICAS):
        folder = tmp_path / f"replica-{number}"
        found.append(Replica(tiny, folder, CutLine(own_postgres.url, folder / "line")))
    with ThreadPoolExecutor() as threads:
        list(threads.map(Replica.start, found))
    yield found
    for each in found:
        each.kill()
        each.line.close()


def test_a_few_releases_reach_three_disturbed_replicas(tiny: TinyShop, replicas: list[Replica]) -> None:
    _campaign(tiny, replicas, releases=20)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_releases_reach_three_disturbed_replicas(tiny: TinyShop, replicas: list[Replica]) -> None:
    _campaign(tiny, replicas, releases=200)


def _campaign(tiny: TinyShop, replicas: list[Replica], *, releases: int) -> None:
    publications = _Publications(tiny, replicas)
    publications.one()
    for each in replicas:
        each.endpoint.until_release(publications.last)
    over, faults = threading.Event(), []
    acts = [
        *(lambda each=each: each.asks(over) for each in replicas),
        lambda: _takes_down(tiny, replicas, over),
    ]

    def whole(act) -> None:
        try:
            act()
        except Exception as fault:  # noqa: BLE001 - whatever ends a thread is a fault of the campaign
            faults.append(repr(fault))

    threads = [threading.Thread(target=whole, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    plan = list(itertools.product(replicas, DISTURBANCES))
    try:
        for turn, (victim, how) in enumerate(plan):
            many = (releases * (turn + 1)) // len(plan) - (releases * turn) // len(plan)
            _disturb(tiny, victim, how, publications, many)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert faults == []
    for each in replicas:
        each.endpoint.until_release(publications.last)
        each.ledger.close()
        assert each.ledger.faults == [], each.ledger.faults[:5]
        assert each.answers > releases
        assert min(each.ledger.kept["takedown"], each.ledger.kept["publication"]) > 0
    assert publications.count == releases + 1


class _Publications:
    """Publishes pairs of pins under a veto that moves, and tells every replica's ledger."""

    def __init__(self, tiny: TinyShop, replicas: list[Replica]) -> None:
        self._shop, self._replicas = tiny.shop, replicas
        self._pairs, self._vetoed = itertools.cycle(PAIRS), itertools.cycle(VETOED)
        self.last = self.count = 0

    def one(self) -> None:
        first, vetoed, home = next(self._pairs), next(self._vetoed), Scope(surface="home")
        pins = [
            Pin(id=RuleId(f"pin-pair-{slot}"), slot=slot, item_id=ItemId(item), scope=home)
            for slot, item in ((1, first), (2, PAIRS[first]))
        ]
        veto = Veto(id=RuleId("veto-moving"), target=Target(item_id=ItemId(vetoed)), reason="For the watch")
        self.last = publish_rules(self._shop, *pins, veto)
        self.count += 1
        for each in self._replicas:
            each.ledger.published(self.last, Published(first, vetoed, "run-1"))


def _disturb(tiny: TinyShop, victim: Replica, how: str, publications: _Publications, releases: int) -> None:
    """Take a replica away, publish and take something down, let it return, and see that it knows in two seconds."""
    with ExitStack() as quiet:
        if how != "cut off":
            quiet.enter_context(victim.silence())
        victim.trusted = False
        {
            "killed": victim.kill,
            "stood still": lambda: victim.stop(signal.SIGSTOP),
            "cut off": victim.line.cut,
        }[how]()
        for _ in range(releases):
            publications.one()
        taken = take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(MEANWHILE)), reason="Recalled")
        if how == "cut off":
            # It goes on with what it knows, and says so.
            victim.endpoint.until_every_worker(
                lambda worker: "failed" in " ".join(worker.ask("/readyz", key=None).json["warnings"]),
                "that it is cut off",
            )
        {
            "killed": victim.start,
            "stood still": lambda: victim.stop(signal.SIGCONT),
            "cut off": victim.line.mend,
        }[how]()
        expected = publications.last
        victim.second()
        victim.second()
    reply = victim.endpoint.recommend(limit=100)
    assert reply.json["release_id"] >= expected, f"two seconds after it was {how}"
    assert MEANWHILE not in reply.item_ids, f"two seconds after it was {how}"
    victim.trusted = True
    lift(tiny.shop, OPERATOR, taken.id)


def _takes_down(tiny: TinyShop, replicas: list[Replica], over: threading.Event) -> None:
    """Take items down and lift them again; those that were connected all the while have a second to know."""
    for item in itertools.cycle(TAKEN_DOWN):
        if over.is_set():
            return
        connected = [each for each in replicas if each.trusted]
        taken = take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(item)), reason="Recalled")
        with ThreadPoolExecutor() as threads:
            knowing = [
                each for each, knows in zip(connected, threads.map(_second, connected), strict=True) if knows
            ]
        with ExitStack() as promises:
            for each in knowing:
                promises.enter_context(each.ledger.promised(Out("takedown", item)))
            over.wait(0.3)
        lift(tiny.shop, OPERATOR, taken.id)


def _second(replica: Replica) -> bool:
    """Whether it stayed connected for the second."""
    try:
        replica.second()
    except OSError:
        return False
    return replica.trusted
