"""Loops over arrays, compiled to machine code where Numba is installed; see docs/decisions/compiled-answers.md."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

COMPILES = find_spec("numba") is not None
"""Whether loops are compiled; where no build of Numba is to be had, the general way answers everything."""

F = TypeVar("F", bound=Callable[..., Any])
A = TypeVar("A", bound=np.generic)


def compiled(function: F) -> F:
    """Compile a loop when it is first called, and keep the outcome beside the source for the next process.

    What is called from within must stand in the same file: a change elsewhere is not noticed.
    """
    if not COMPILES:
        return function
    from numba import njit

    try:
        made: Any = njit(cache=True)(function)
    except RuntimeError:  # nowhere to keep it
        made = njit(function)
    return made  # type: ignore[no-any-return]  # it is called as the function is


def still(array: NDArray[A]) -> NDArray[A]:
    """The same array, read-only: a loop is compiled anew for each kind of array, and a mapped file is of this one."""
    view = array.view()
    view.flags.writeable = False
    return view
