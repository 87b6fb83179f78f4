"""`kill -9` at random moments of edits, publications and training runs: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text
from support.endpoint import Endpoint, running_endpoint
from support.tiny_shop import TinyShop, make_tiny_shop

from recsys.domain.people import OPERATOR
from recsys.domain.rules import Pin
from recsys.services.auditing import verify as verify_history
from recsys.services.importing import import_interactions
from recsys.services.releasing import release_rules
from recsys.services.runs import find_run
from recsys.snapshots.verify import verify as verify_snapshot

DEEDS = Path(__file__).with_name("deeds.py")
KINDS = ("edit", "publish", "train")
LONGEST_LIFE = {"edit": 0.4, "publish": 0.6, "train": 2.5}


@dataclass
class Acknowledged:
    """What the killed processes were told had been done."""

    edits: set[int] = field(default_factory=set)
    publications: dict[int, int] = field(default_factory=dict)
    runs: set[str] = field(default_factory=set)

    def note(self, line: str) -> None:
        """Take down one line of a process; the last one may have been cut off by the kill."""
        if not line.endswith("\n"):
            return
        kind, *rest = line.split()
        if kind == "edit":
            self.edits.add(int(rest[0]))
        elif kind == "publish":
            self.publications[int(rest[0])] = int(rest[1])
        elif kind == "train":
            self.runs.add(rest[0])


@dataclass
class Watcher:
    """Asks the endpoint all the while; every answer must come from one whole release."""

    endpoint: Endpoint
    answers: int = 0
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Ask in the background."""
        stop = threading.Event()
        thread = threading.Thread(target=self._ask_until, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _ask_until(self, stop: threading.Event) -> None:
        while not stop.wait(0.02):
            self.ask()

    def ask(self) -> int | None:
        """Ask once; the number that the pair in slots 1 and 2 carries, None before the first pair."""
        reply = self.endpoint.recommend(limit=2)
        self.answers += 1
        if reply.status != 200:
            self.faults.append(f"{reply.status}: {reply.body!r}")
            return None
        first, second = reply.json["items"]
        if first["rule_id"] != "pin-pair-1" and second["rule_id"] != "pin-pair-2":
            return None
        left, right = int(first["item_id"][1:]), int(second["item_id"][1:])
        if right != left + 20:
            self.faults.append(f"two releases in one answer: {left} and {right}")
        return left


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> TinyShop:
    """A small shop on either database, with interactions to train on."""
    tiny = make_tiny_shop(tmp_path / "home", database_url)
    rows = ["user_id,item_id,timestamp"]
    rows += [
        f"u{u},i{(u * 7 + n) % 40 + 1:02d},2026-11-{n % 20 + 1:02d}T10:00:00Z"
        for u in range(40)
        for n in range(12)
    ]
    file = tmp_path / "interactions.csv"
    file.write_text("\n".join(rows) + "\n")
    import_interactions(tiny.shop, OPERATOR, file)
    return tiny


def test_a_few_kills_lose_nothing(tiny: TinyShop, tmp_path: Path) -> None:
    _campaign(tiny, tmp_path, kills=12, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_kills_lose_nothing(tiny: TinyShop, tmp_path: Path) -> None:
    _campaign(tiny, tmp_path, kills=120, seed=2)


def _campaign(tiny: TinyShop, folder: Path, *, kills: int, seed: int) -> None:
    chance, told = random.Random(seed), Acknowledged()
    with running_endpoint(tiny.environment, folder, key=tiny.keys.read) as endpoint:
        watcher = Watcher(endpoint)
        with watcher.watching():
            for kind, longest in _lives(kills, told):
                _live_and_die(tiny, kind, chance.uniform(0, longest), chance.randint(0, 10**9), told)
                _check_database(tiny)
        _check_everything_told_is_there(tiny, told)
        _check_endpoint_is_current(tiny, watcher)
    assert watcher.faults == []
    assert watcher.answers > kills


def _lives(kills: int, told: Acknowledged) -> Iterator[tuple[str, float]]:
    """Kind and longest life in seconds of each process: on a slow machine more, and longer, until some got through."""
    for number in range(10 * kills):
        if number >= kills and told.edits and told.publications:
            return
        kind = KINDS[number % len(KINDS)]
        yield kind, LONGEST_LIFE[kind] * (1 + number // kills)


def _live_and_die(tiny: TinyShop, kind: str, seconds: float, seed: int, told: Acknowledged) -> None:
    """Run one process for a while, and kill it."""
    command = [sys.executable, str(DEEDS), kind, str(seed)]
    with subprocess.Popen(
        command, env={**os.environ, **tiny.environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        for line in process.stdout:
            told.note(line)
        assert process.wait() == -signal.SIGKILL


def _check_database(tiny: TinyShop) -> None:
    url = tiny.settings.database_url
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    else:
        with tiny.shop.database.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
    assert verify_history(tiny.shop) == []


def _check_everything_told_is_there(tiny: TinyShop, told: Acknowledged) -> None:
    assert told.edits
    assert told.publications
    with tiny.shop.database.read() as unit:
        drafted = {
            each.after["id"]
            for each in unit.audit.recorded()
            if each.command == "draft.change" and each.after
        }
    assert told.edits <= drafted
    for number, pair in told.publications.items():
        pins = [rule for rule in release_rules(tiny.shop, number) if isinstance(rule, Pin)]
        assert {rule.item_id for rule in pins if rule.slot < 3} == {f"i{pair:02d}", f"i{pair + 20:02d}"}
    for run_id in told.runs:
        assert find_run(tiny.shop, run_id).status == "ready"
        verify_snapshot(tiny.settings.snapshots_dir / run_id)


def _check_endpoint_is_current(tiny: TinyShop, watcher: Watcher) -> None:
    with tiny.shop.database.read() as unit:
        live = unit.state.pointer().release
    assert live is not None
    watcher.endpoint.until_release(live)
    pins = [rule for rule in release_rules(tiny.shop, live) if rule.id == "pin-pair-1"]
    assert [watcher.ask()] == [int(str(each.item_id)[1:]) for each in pins]  # type: ignore[union-attr]  # pins by their id
