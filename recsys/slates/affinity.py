"""How close items are to a shopper: dot products, taken in one way wherever places are given by them.

NumPy's product lets go of Python's lock even for a few items, and so hands it to a waiting thread in the middle of an
answer; a compiled loop does not. Its sums differ from NumPy's in their last digit, so nobody may mix the two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.slates.compiling import COMPILES, compiled, still

Floats = NDArray[np.float32]


def affinities(vectors: Floats, vector: Floats) -> Floats:
    """The product of each item's vector with the shopper's: float32 [n] of [n, d] and [d]."""
    return _products(vectors, still(vector)) if COMPILES else vectors @ vector


def closest(vectors: Floats, vector: Floats, among: NDArray[np.int64]) -> int:
    """The first place in `among`, which has one at least, whose item is the closest."""
    if COMPILES:
        return _closest(vectors, still(vector), among)
    return int((vectors @ vector)[among].argmax())


@compiled
def _products(vectors: Floats, vector: Floats) -> Floats:
    products = np.empty(len(vectors), np.float32)
    for at in range(len(vectors)):
        products[at] = _product(vectors, at, vector)
    return products


@compiled
def _closest(vectors: Floats, vector: Floats, among: NDArray[np.int64]) -> int:
    best, most = 0, np.float32(-np.inf)
    for place in range(len(among)):
        product = np.float32(_product(vectors, among[place], vector))
        if product > most:
            best, most = place, product
    return best


@compiled
def _product(vectors: Floats, at: int, vector: Floats) -> float:
    """In double precision, from the first factor to the last."""
    total = 0.0
    for factor in range(len(vector)):
        total += np.float64(vectors[at, factor]) * np.float64(vector[factor])
    return total
