"""A shard of the next run is cut off or written over before the swap: the release is refused, and the old one goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.endpoint import Endpoint
from support.metrics import metrics
from support.tiny_shop import TinyShop
from support.vigil import Vigil, vigil

from recsys.domain.people import OPERATOR
from recsys.services.releasing import accept_run, roll_back
from recsys.snapshots.layout import ARRAYS, array_path

Damage = Callable[[Path], None]


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1 << 3
    file.write_bytes(content)


DAMAGES = {"cut off": cut_off, "with a flipped bit": flip_a_bit}
FEW = ("candidates_items", "item_bytes")


def test_a_damaged_shard_is_refused_and_the_old_release_goes_on(tiny: TinyShop, endpoint: Endpoint) -> None:
    _campaign(tiny, endpoint, [(FEW[0], cut_off), (FEW[1], flip_a_bit)], seconds=2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_damaged_shard_is_refused_and_the_old_release_goes_on(
    tiny: TinyShop, endpoint: Endpoint
) -> None:
    _campaign(tiny, endpoint, [(name, damage) for name in ARRAYS for damage in DAMAGES.values()], seconds=2)


def _campaign(tiny: TinyShop, endpoint: Endpoint, cases: list[tuple[str, Damage]], *, seconds: float) -> None:
    folder, copy = tiny.settings.snapshots_dir / "run-2", tiny.settings.home / "copy-of-run-2"
    shutil.copytree(folder, copy)
    with vigil(tiny, endpoint, publishing=False) as watch:
        good = max(watch.ledger.releases)
        for name, damage in cases:
            damage(array_path(folder, name))
            refused = _swap(tiny)
            _until_told(watch, endpoint, refused, good)
            watch.last(seconds)
            watch.until_more(takedown=1, dislike=1)
            assert refused not in watch.ledger.seen
            good = roll_back(tiny.shop, OPERATOR, good).number
            endpoint.until_release(good)
            _until_told_no_more(watch, endpoint)
            shutil.copytree(copy, folder, dirs_exist_ok=True)
        # Mended, it is served without anybody's help.
        damage(array_path(folder, name))
        waiting = _swap(tiny)
        _until_told(watch, endpoint, waiting, good)
        shutil.copytree(copy, folder, dirs_exist_ok=True, copy_function=shutil.copy)
        endpoint.until_release(waiting)
        _until_told_no_more(watch, endpoint)
        _know(watch, tiny)


def _swap(tiny: TinyShop) -> int:
    """Make a release of the damaged run."""
    with tiny.shop.database.read() as unit:
        accepted = unit.runs.get("run-2").status == "accepted"
        numbers = [each.number for each in unit.releases.newest(500) if each.run_id == "run-2"]
    if not accepted:
        return accept_run(tiny.shop, OPERATOR, "run-2").number
    return roll_back(tiny.shop, OPERATOR, numbers[0], what="run").number


def _know(watch: Vigil, tiny: TinyShop) -> None:
    """The watch ends with the release that is live."""
    with tiny.shop.database.read() as unit:
        live = unit.state.pointer().release
    assert live is not None
    told = watch.ledger.releases[max(watch.ledger.releases)]
    watch.ledger.published(live, replace(told, run_id="run-2"))


def _until_told(watch: Vigil, endpoint: Endpoint, refused: int, live: int) -> None:
    """Every worker says which release it refuses and which goes on; so do the metrics and the log."""

    def told(worker: Endpoint) -> bool:
        ready = worker.ask("/readyz", key=None)
        assert ready.status == 200, "answers go on, so traffic should come"
        warnings = " ".join(ready.json["warnings"])
        return f"Release {refused} cannot be served" in warnings and ready.json["release_id"] == live

    endpoint.until_every_worker(told, f"that it refuses release {refused}")
    watch.until(lambda: metrics(endpoint)["recsys_release_refused"] == refused, "the metric")
    lines = [line for line in endpoint.log_lines() if line["event"] == "release_refused"]
    assert {line["pid"] for line in lines if line["release"] == refused and line["live"] == live}
    assert metrics(endpoint)["recsys_overlay_age_seconds"] < 30


def _until_told_no_more(watch: Vigil, endpoint: Endpoint) -> None:
    endpoint.until_every_worker(
        lambda worker: worker.ask("/readyz", key=None).json["warnings"] == [], "no warning"
    )
    watch.until(
        lambda: metrics(endpoint)["recsys_release_refused"] == 0, "the metric without a refused release"
    )
