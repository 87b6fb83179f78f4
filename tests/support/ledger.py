"""What was acknowledged while something is broken, and the laws that every answer is held against.

- never an item that is taken down, vetoed or disliked, from one second after that was acknowledged
- never two releases in one answer
- never an event lost, told twice or half stored that was acknowledged
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PAIRS = {f"i{number:02d}": f"i{number + 20:02d}" for number in (4, 8, 9, 13, 14)}
"""What a publication pins to slots 1 and 2 together; nobody owns, dislikes or takes down any of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Out:
    """An item that no answer may hold; for one shopper alone where `user` is given."""

    kind: str
    item: str
    user: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} of {self.item}" + (f" by {self.user}" if self.user else "")


@dataclass(frozen=True, slots=True)
class Published:
    """What a release is known by: the first of its pair, the item that it vetoes, its run; `also` is vetoed too."""

    first: str
    vetoed: str
    run_id: str
    also: str | None = None

    def items_out(self) -> set[str]:
        """What no answer of it may hold."""
        return {self.vetoed} | ({self.also} if self.also else set())


@dataclass(slots=True)
class Ledger:
    """Filled in by those who act, read by those who ask; `faults` are broken laws, in words."""

    second: Callable[[], None]
    releases: dict[int, Published] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    _out: set[Out] = field(default_factory=set)
    _floor: int = 0
    _seen: dict[int, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    _ranks: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _under_way: int = 0
    _quiet: bool = False
    _later: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16))

    def fault(self, words: str) -> None:
        """Note a broken law."""
        with self._lock:
            self.faults.append(words)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Act, and let the second pass that everybody has to learn of it."""
        with self._turn:
            self._turn.wait_for(lambda: not self._quiet)
            self._under_way += 1
        try:
            yield
        finally:
            with self._turn:
                self._under_way -= 1
                self._turn.notify_all()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Begin while nothing is under way: what was acknowledged has reached everybody, and nobody acts yet.

        For what cuts workers off from all news: what they could not learn in time, no answer can heed.
        """
        with self._turn:
            self._quiet = True
            self._turn.wait_for(lambda: not self._under_way)
        try:
            yield
        finally:
            with self._turn:
                self._quiet = False
                self._turn.notify_all()

    @contextmanager
    def promised(self, out: Out) -> Iterator[None]:
        """To the end of the block no answer may hold the item; for those whose second has passed."""
        with self._lock:
            self._out.add(out)
        try:
            yield
        finally:
            with self._lock:
                self._out.discard(out)
                self.kept[out.kind] += 1

    def published(self, number: int, what: Published) -> None:
        """A release was acknowledged: from one second later on none before it may answer."""
        with self._turn:
            self._under_way += 1
        self.releases[number] = what
        self._later.submit(self._raise_floor, number)

    def _raise_floor(self, number: int) -> None:
        try:
            self.second()
            with self._lock:
                self._floor = max(self._floor, number)
                self.kept["publication"] += 1
        finally:
            with self._turn:
                self._under_way -= 1
                self._turn.notify_all()

    def knows_ranks(self, run_id: str, user: str, ranks: Mapping[str, int]) -> None:
        """Tell the places, from 1, that a run's snapshot gives items for a shopper; else the first answer tells them."""
        self._ranks.update({(run_id, user, item): rank for item, rank in ranks.items()})

    def standing(self) -> tuple[frozenset[Out], int]:
        """What holds for a question that is asked from now on."""
        with self._lock:
            return frozenset(self._out), self._floor

    def judge(
        self,
        standing: tuple[frozenset[Out], int],
        user: str | None,
        answer: Any,
        rows: Iterable[Any],
        *,
        pins: bool,
    ) -> None:
        """Hold an answer against what stood when it was asked for, as far as it stands still.

        `rows` are its lists of items, the row main first; `pins`: whether pins were asked for.
        """
        lists = list(rows)
        items = {item["item_id"] for row in lists for item in row}
        outs, floor = standing
        number, run_id = answer["release_id"], answer.get("run_id")
        broken = {out for out in outs if out.item in items and out.user in {None, user}}
        with self._lock:
            broken &= self._out
            self.faults += [f"{out}, told over a second ago, is in an answer to {user}" for out in broken]
            if number < floor:
                self.faults.append(f"release {number} answers over a second after release {floor}")
            seen = self._seen[number]
            seen["items"] |= items
            seen["runs"] |= {run_id} if run_id else set()
            if pins:
                seen["pairs"].add(" and ".join(item["item_id"] for item in lists[0][:2]))
            if user is not None and run_id:
                self._judge_ranks(run_id, user, lists[0])

    def _judge_ranks(self, run_id: str, user: str, items: Iterable[Any]) -> None:
        """An item's rank for a shopper is its place in the run's snapshot: another one is another run's."""
        for item in items:
            if item["model_rank"] is not None:
                rank = self._ranks.setdefault((run_id, user, item["item_id"]), item["model_rank"])
                if rank != item["model_rank"]:
                    self.faults.append(
                        f"{item['item_id']} has ranks {rank} and {item['model_rank']} in {run_id} for {user}"
                    )

    def close(self) -> None:
        """Wait for what was promised, and compare what every release was seen with to what it holds."""
        self._later.shutdown(wait=True)
        for number, seen in self._seen.items():
            if (told := self.releases.get(number)) is None:
                continue
            pair = f"{told.first} and {PAIRS[told.first]}"
            if seen["pairs"] - {pair}:
                self.faults.append(f"release {number} pins {pair} and was seen with {sorted(seen['pairs'])}")
            for item in sorted(told.items_out() & seen["items"]):
                self.faults.append(f"release {number} vetoes {item}, and it was in its answers")
            if seen["runs"] - {told.run_id}:
                self.faults.append(
                    f"release {number} carries {told.run_id} and was seen with {sorted(seen['runs'])}"
                )

    @property
    def seen(self) -> set[int]:
        """The releases that answered."""
        return set(self._seen)

    @property
    def items_seen(self) -> set[str]:
        """All items that were in any answer."""
        return set().union(*(seen["items"] for seen in self._seen.values()))
