"""Three replicas of one PostgreSQL, each in turn killed, stood still and cut off while releases are published.

Every replica has a home of its own and fetches its snapshots from a shared store. Each is watched by a client of its own.
Rules and runs change, vetoes are published and items are taken down all the while. One second after each was
acknowledged no replica that was connected may show what is out. While one is disturbed its answers must be whole; two
seconds after its return they must be new as well.
"""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.cut_line import CutLine
from support.ledger import PAIRS, Out, Published
from support.object_storage import folder_url
from support.postgres import StoppablePostgres
from support.replica import Replica
from support.tiny_shop import OWNED, TinyShop, make_tiny_shop, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import AnyRule, Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.models.progress import Silent
from recsys.services.releasing import accept_run, roll_back
from recsys.services.sharing import share_snapshot
from recsys.services.takedowns import lift, take_down
from recsys.snapshots.identity import shopper_hash
from recsys.snapshots.mapped import Snapshot

REPLICAS, DISTURBANCES = 3, ("killed", "stood still", "cut off")
RUNS = ("run-1", "run-2")
VETOED_IN_TURN, VETOED, TAKEN_DOWN = ("i10", "i11", "i19"), ("i16", "i35"), ("i15", "i37")
TAKEN_DOWN_MEANWHILE, LIFTED_MEANWHILE = "i32", "i26"
HELD_SECONDS = 0.3


@pytest.fixture
def tiny(own_postgres: StoppablePostgres, tmp_path: Path) -> Iterator[TinyShop]:
    """A shop whose snapshots are in a store, on a PostgreSQL of this test's own."""
    made = make_tiny_shop(tmp_path / "home", own_postgres.url)
    settings = replace(made.settings, store_url=folder_url(tmp_path / "store"))
    for run_id in RUNS:
        share_snapshot(settings, settings.snapshots_dir / run_id, Silent())
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
    """Each replica is disturbed in one way."""
    _campaign(tiny, replicas, list(zip(replicas, DISTURBANCES, strict=True)), releases=20)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_releases_reach_three_disturbed_replicas(tiny: TinyShop, replicas: list[Replica]) -> None:
    """Each replica is disturbed in every way, twice."""
    _campaign(tiny, replicas, 2 * list(itertools.product(replicas, DISTURBANCES)), releases=200)


def _campaign(
    tiny: TinyShop, replicas: list[Replica], plan: Sequence[tuple[Replica, str]], *, releases: int
) -> None:
    publications = _Publications(tiny, replicas)
    publications.swap_run()
    publications.pair()
    for each in replicas:
        each.endpoint.until_release(publications.last)
    before = publications.count
    with _watched(tiny, replicas, publications):
        for turn, (victim, how) in enumerate(plan):
            many = (releases * (turn + 1)) // len(plan) - (releases * turn) // len(plan)
            _disturb(tiny, victim, how, publications, many)
    assert publications.count == before + releases
    for each in replicas:
        each.endpoint.until_release(publications.last)
        each.ledger.close()
        assert each.ledger.faults == [], each.ledger.faults[:5]
        assert each.answers > releases
        assert all(each.ledger.kept[kind] > 0 for kind in ("takedown", "veto", "publication")), (
            each.ledger.kept
        )
        # What nobody would ever see anyway is no proof.
        out = {*VETOED_IN_TURN, *VETOED, *TAKEN_DOWN, TAKEN_DOWN_MEANWHILE, LIFTED_MEANWHILE}
        assert out <= each.ledger.items_seen, out - each.ledger.items_seen


@contextmanager
def _watched(tiny: TinyShop, replicas: list[Replica], publications: _Publications) -> Iterator[None]:
    """Ask every replica, take down and veto until the block ends; none of these may have broken off."""
    over, broken = threading.Event(), []

    def whole(act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as fault:  # noqa: BLE001 - whatever ends a thread is a fault of the campaign
            broken.append(repr(fault))

    asking = [lambda each=each: each.asks(over) for each in replicas]
    acts = [
        *asking,
        lambda: _takes_down(tiny, replicas, over),
        lambda: _vetoes(publications, replicas, over),
    ]
    threads = [threading.Thread(target=whole, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert broken == []


def _takes_down(tiny: TinyShop, replicas: list[Replica], over: threading.Event) -> None:
    for item in itertools.cycle(TAKEN_DOWN):
        taken = take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(item)), reason="Recalled")
        if _stays_out(replicas, Out("takedown", item), over):
            return
        lift(tiny.shop, OPERATOR, taken.id)


def _vetoes(publications: _Publications, replicas: list[Replica], over: threading.Event) -> None:
    for item in itertools.cycle(VETOED):
        publications.veto(item)
        if _stays_out(replicas, Out("veto", item), over):
            return


def _stays_out(replicas: list[Replica], out: Out, over: threading.Event) -> bool:
    """Let no connected replica show an item, acknowledged to be out a moment ago, once its second has passed.

    Those that are disturbed meanwhile are let off, and hold up nobody. True when all is over.
    """
    seconds = {each: each.second_from_now() for each in replicas if each.trusted}
    with ExitStack() as promises:
        for each, passed in seconds.items():
            while each.trusted and not passed.done():
                time.sleep(0.02)
            if each.trusted:
                passed.result()
                promises.enter_context(each.ledger.promised(out))
        return over.wait(HELD_SECONDS)


class _Publications:
    """Publishes one after the other, whoever asks, and tells every replica's ledger what each release is known by."""

    def __init__(self, tiny: TinyShop, replicas: list[Replica]) -> None:
        self._shop, self._replicas = tiny.shop, replicas
        self._pairs, self._vetoed = itertools.cycle(PAIRS), itertools.cycle(VETOED_IN_TURN)
        self._runs = {"run-1": tiny.curated_release}
        self._told = Published("", "", "run-1")
        self._alone = threading.Lock()
        self.last = self.count = 0
        for run_id, user in itertools.product(RUNS, OWNED):
            for each in replicas:
                each.ledger.knows_ranks(run_id, user, _ranks(tiny, run_id, user))

    def one(self) -> None:
        """Other rules, or, every third time, another run."""
        if self.count % 3 == 2:
            self.swap_run()
        else:
            self.pair()

    def pair(self) -> None:
        """Two pins that belong together, and an item under the veto that moves."""
        first, vetoed, home = next(self._pairs), next(self._vetoed), Scope(surface="home")
        pins = [
            Pin(id=RuleId(f"pin-pair-{slot}"), slot=slot, item_id=ItemId(item), scope=home)
            for slot, item in ((1, first), (2, PAIRS[first]))
        ]
        with self._alone:
            self._told = replace(self._told, first=first, vetoed=vetoed)
            self._published(publish_rules(self._shop, *pins, _veto("veto-in-turn", vetoed)))
            self.count += 1

    def swap_run(self) -> None:
        """The other run, under the rules as they are."""
        with self._alone:
            other = next(each for each in RUNS if each != self._told.run_id)
            if other in self._runs:
                made = roll_back(self._shop, OPERATOR, self._runs[other], what="run")
            else:
                made = accept_run(self._shop, OPERATOR, other)
            self._runs[other] = made.number
            self._told = replace(self._told, run_id=other)
            self._published(made.number)
            self.count += 1

    def veto(self, item: str) -> None:
        """An item under a veto of its own."""
        with self._alone:
            self._told = replace(self._told, also=item)
            self._published(publish_rules(self._shop, _veto("veto-promised", item)))

    def now(self) -> tuple[int, Published]:
        """The last release that was acknowledged, and what it is known by."""
        with self._alone:
            return self.last, self._told

    def _published(self, number: int) -> None:
        self.last = number
        for each in self._replicas if self._told.first else ():
            each.ledger.published(number, self._told)


def _veto(name: str, item: str) -> AnyRule:
    return Veto(id=RuleId(name), target=Target(item_id=ItemId(item)), reason="For the watch")


def _ranks(tiny: TinyShop, run_id: str, user: str) -> dict[str, int]:
    """The places of a shopper's candidates by the run's snapshot itself."""
    snapshot = Snapshot.open(tiny.settings.snapshots_dir / run_id)
    row = snapshot.shopper(shopper_hash(tiny.settings.identity_key, user))
    assert row is not None
    items = [snapshot.item_ids[each] for each in snapshot.candidates(row).items]
    return {item: place for place, item in enumerate(items, start=1)}


def _disturb(tiny: TinyShop, victim: Replica, how: str, publications: _Publications, releases: int) -> None:
    """Take a replica away, publish, take down and lift, let it return, and see that it knows all in two seconds."""

    def out(item: str) -> str:
        return take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(item)), reason="Recalled").id

    lifted = out(LIFTED_MEANWHILE)
    victim.second()
    with ExitStack() as quiet:
        if how != "cut off":
            quiet.enter_context(victim.silence())
        victim.trusted = False
        _take_away(victim, how)
        for _ in range(releases):
            publications.one()
        taken = out(TAKEN_DOWN_MEANWHILE)
        lift(tiny.shop, OPERATOR, lifted)
        if how == "cut off":
            # It goes on with what it knows, and says so.
            victim.endpoint.until_every_worker(
                lambda worker: "failed" in " ".join(worker.ask("/readyz", key=None).json["warnings"]),
                "that it is cut off",
            )
        _give_back(victim, how)
        _is_current_in_two_seconds(victim, publications, f"two seconds after it was {how}")
    victim.trusted = True
    lift(tiny.shop, OPERATOR, taken)


def _take_away(victim: Replica, how: str) -> None:
    {
        "killed": victim.kill,
        "stood still": lambda: victim.stop(signal.SIGSTOP),
        "cut off": victim.line.cut,
    }[how]()


def _give_back(victim: Replica, how: str) -> None:
    {
        "killed": victim.start,
        "stood still": lambda: victim.stop(signal.SIGCONT),
        "cut off": victim.line.mend,
    }[how]()


def _is_current_in_two_seconds(victim: Replica, publications: _Publications, when: str) -> None:
    """See that it answers by what was acknowledged before its return, from the right run and without what is out."""
    expected, told = publications.now()
    victim.second()
    victim.second()
    reply = victim.endpoint.recommend(limit=100)
    assert reply.json["release_id"] >= expected, when
    if reply.json["release_id"] == expected:
        assert reply.json["run_id"] == told.run_id, when
        assert told.items_out().isdisjoint(reply.item_ids), when
    assert TAKEN_DOWN_MEANWHILE not in reply.item_ids, when
    assert LIFTED_MEANWHILE in reply.item_ids, f"{when}: it was lifted"
