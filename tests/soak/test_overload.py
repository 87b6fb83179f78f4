"""Three times the load that a worker can hold: some are turned away at once, and those let in do not wait long.

Nothing is measured against the clock on the wall: the load is three times what this machine answered just before,
the budget is a few times what it took then, and the bound is a few budgets. Where client and worker have to share what
another process leaves of the machine, even refusing takes longer than that: then the bound is half of what all wait
where nobody is turned away.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.endpoint import Endpoint, running_endpoint
from support.flood import Flood, flood
from support.tiny_shop import TinyShop, make_tiny_shop
from support.vigil import Allowed, vigil

_BUDGET, _LEAST_BUDGET = 6, 0.05
"""The budget in unloaded p99, and in seconds: the shortest that makes sense beside what a busy machine adds."""
_BOUND = 10
_ATTEMPTS = 3
_SETTLING = 3
"""Seconds until so many are turned away as must be, and the queue is short again."""


@pytest.fixture
def tiny(sqlite_url: str, tmp_path: Path) -> Iterator[TinyShop]:
    """A small shop; its database has no part in this."""
    made = make_tiny_shop(tmp_path / "home", sqlite_url)
    yield made
    made.shop.database.close()


def test_three_times_too_much_for_some_seconds(tiny: TinyShop, tmp_path: Path) -> None:
    _campaign(tiny, tmp_path, seconds=9)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_three_times_too_much_for_a_minute(tiny: TinyShop, tmp_path: Path) -> None:
    _campaign(tiny, tmp_path, seconds=60)


def _campaign(tiny: TinyShop, folder: Path, *, seconds: float) -> None:
    """A machine that became slower meanwhile had more than three times too much: then all is measured again."""
    told = []
    for _ in range(_ATTEMPTS):
        with _serving(tiny, folder, budget=60) as endpoint:
            unloaded = flood(endpoint.port, endpoint.key, 40, 4).p99(1)
            held = _held(flood(endpoint.port, endpoint.key, 3_000, 4, most=100))
            collapsed = flood(endpoint.port, endpoint.key, 3 * held, 5).p99(2)
        budget = max(_LEAST_BUDGET, _BUDGET * unloaded)
        came = _overload(tiny, folder, held, budget, seconds)
        waited = _p99_of_a_second(came, seconds)
        told.append(
            f"{held:.0f} a second held, p99 {unloaded:.4f} s, budget {budget:.3f} s; at three times that "
            f"{came.answers}, {came.not_asked} not asked, p99 {waited:.3f} s, without shedding {collapsed:.3f} s"
        )
        turned_away = came.answers.get("503", 0) > came.answers["200"] / 2
        if turned_away and waited <= max(unloaded + _BOUND * budget, collapsed / 2):
            (folder / "told.txt").write_text("\n".join(told))
            return
    pytest.fail("\n".join(told))


def _overload(tiny: TinyShop, folder: Path, held: float, budget: float, seconds: float) -> Flood:
    """What comes of three times too much, with all laws held meanwhile; and that it is over when it is over."""
    with (
        _serving(tiny, folder, budget=budget) as endpoint,
        vigil(tiny, endpoint, allowed=Allowed(busy=True), askers=1) as watch,
    ):
        came = flood(endpoint.port, endpoint.key, 3 * held, seconds)
        assert came.faults == [], came.faults[:5]
        assert came.answers["200"] > held * seconds / 20, came.answers
        watch.until_more(takedown=1, dislike=1)
        calm: list[bool] = []
        watch.until(lambda: _calm(endpoint, calm), "twenty answers in a row")
    return came


def _serving(tiny: TinyShop, folder: Path, *, budget: float):
    environment = {**tiny.environment, "RECSYS_SHED_SECONDS": f"{budget:.3f}"}
    return running_endpoint(environment, folder, key=tiny.keys.read, workers=1)


def _held(came: Flood) -> float:
    """Answers a second, of a worker that always has somebody waiting: those of the middle one of a few seconds."""
    assert came.faults == [], came.faults[:5]
    ended = Counter(int(due + took) for due, took in came.accepted)
    return statistics.median(ended[second] for second in range(1, 4))


def _p99_of_a_second(came: Flood, seconds: float) -> float:
    """The p99 of the accepted, second by second, and of these the middle one: a stall of the machine is no queue."""
    each = []
    for second in range(_SETTLING, int(seconds)):
        took = sorted(took for due, took in came.accepted if second <= due < second + 1)
        each.append(took[int(len(took) * 0.99)] if took else float("inf"))
    return statistics.median(each)


def _calm(endpoint: Endpoint, calm: list[bool]) -> bool:
    calm.append(endpoint.recommend(user_id="ann").status == 200)
    return len(calm) >= 20 and all(calm[-20:])
