"""How much one interaction says about a shopper's taste.

The weight of a shopper for an item is

    Σ over kinds of  base[kind] · log2(1 + n[kind]),      n[kind] = Σ weight · 2^(−age / half-life)

so that `base[kind]` is what a single fresh interaction of that kind counts, further ones of the same kind count
less and less (log-scaled confidence: Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
2008, equation 6), and old ones fade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recsys.data.kinds import KINDS

MICROSECONDS_PER_DAY: Final = 86_400_000_000
#: Stands for "no time known" in arrays of microseconds; sorts before every real time.
UNKNOWN_TIME: Final = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True)
class Weighting:
    """Constants of the weighting; the one place where they stand.

    One per kind: what a single fresh interaction of it counts. A dislike has none: a disliked pair leaves the matrix.
    `half_life_days`: the age at which an interaction counts half.
    """

    view: float = 0.1
    click: float = 0.2
    add_to_cart: float = 0.5
    purchase: float = 1.0
    like: float = 1.5
    half_life_days: float = 180.0

    def base(self) -> NDArray[np.float64]:
        """Weight of a single fresh interaction by kind code: float64 [len(KINDS)]; 0 for dislikes."""
        return np.array([getattr(self, kind, 0.0) for kind in KINDS], np.float64)

    def decay(self, timestamps: NDArray[np.int64], cutoff: int | None) -> NDArray[np.float64]:
        """Share that each interaction keeps at `cutoff`: float64 in (0, 1], 1 where a time is unknown or later.

        Times are microseconds since 1970 UTC, `UNKNOWN_TIME` where unknown.
        """
        if cutoff is None:
            return np.ones(len(timestamps), np.float64)
        known = timestamps != UNKNOWN_TIME
        age = np.where(known, np.maximum(cutoff - np.where(known, timestamps, cutoff), 0), 0)
        return np.asarray(np.exp2(-age / (self.half_life_days * MICROSECONDS_PER_DAY)), np.float64)
