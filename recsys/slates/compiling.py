"""Loops over arrays, compiled to machine code where Numba is installed; see docs/decisions/compiled-answers.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

try:
    import numba
except ImportError:  # no build of it for this Python yet: the general way answers everything, only slower
    numba = None

COMPILES = numba is not None
"""Whether loops are compiled; without, they are too slow to be of use."""

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a loop when it is first called, and keep the outcome beside the source for the next process.

    What is called from within must stand in the same file: a change elsewhere is not noticed.
    """
    if numba is None:
        return function
    try:
        made: F = numba.njit(cache=True)(function)
    except RuntimeError:  # nowhere to keep it
        made = numba.njit(function)
    return made
