"""A release published every second: no answer is of two, and none of one that is over for more than a second."""

from __future__ import annotations

import time

import pytest
from support.endpoint import Endpoint
from support.tiny_shop import TinyShop
from support.vigil import vigil


def test_a_few_releases_a_second_apart_are_never_mixed(tiny: TinyShop, endpoint: Endpoint) -> None:
    _campaign(tiny, endpoint, releases=6)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_minute_of_releases_a_second_apart_is_never_mixed(tiny: TinyShop, endpoint: Endpoint) -> None:
    _campaign(tiny, endpoint, releases=60)


def _campaign(tiny: TinyShop, endpoint: Endpoint, *, releases: int) -> None:
    with vigil(tiny, endpoint, publishing=False) as watch:
        for number in range(releases):
            began = time.monotonic()
            made = watch.swap_run() if number % 3 == 2 else watch.publish()
            watch.last(max(0.0, began + 1 - time.monotonic()))
            assert made is not None
            watch.until(lambda made=made: max(watch.ledger.seen) >= made, f"release {made}")
    assert len(watch.ledger.seen) >= releases
