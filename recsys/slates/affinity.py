"""How close items are to a shopper: dot products, taken in one way wherever places are given by them.

NumPy's product lets go of Python's lock even for a few items, and so hands it to a waiting thread in the middle of an
answer; a compiled loop does not. Its sums differ from NumPy's in their last digit, so nobody may mix the two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.slates.compiling import COMPILES, still
from recsys.slates.loops import first_closest, products

Floats = NDArray[np.float32]


def affinities(vectors: Floats, vector: Floats) -> Floats:
    """The product of each item's vector with the shopper's: float32 [n] of [n, d] and [d]."""
    return products(vectors, still(vector)) if COMPILES else vectors @ vector


def closest(vectors: Floats, vector: Floats, among: NDArray[np.int64]) -> int:
    """The first place in `among`, which has one at least, whose item is the closest."""
    if COMPILES:
        return first_closest(vectors, still(vector), among)
    return int((vectors @ vector)[among].argmax())
