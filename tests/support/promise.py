"""The promise that what people change now acts within one second, as tests measure it."""

from __future__ import annotations

import time

_NAP_SECONDS = 0.01


def let_the_promised_second_pass() -> None:
    """Wait for one second by the machine's own pace.

    A hundred naps last one second on a machine that keeps up. One that stands still, or is short of processors,
    wakes from each of them late, by as much as it holds up the workers: then the second is longer for them too.
    """
    for _ in range(round(1 / _NAP_SECONDS)):
        time.sleep(_NAP_SECONDS)
