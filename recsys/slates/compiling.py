"""Loops over arrays, compiled to machine code where Numba is installed; see docs/decisions/compiled-answers.md."""

from __future__ import annotations

import sys
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

COMPILES = find_spec("numba") is not None
"""Whether loops are compiled; where no build of Numba is to be had, the general way answers everything."""

_COUNTS_NOTHING = {"_nrt": False}
"""Numba's own name for it, with the underscore of what may change: should it go, no loop compiles, and tests say so."""

F = TypeVar("F", bound=Callable[..., Any])
A = TypeVar("A", bound=np.generic)


def compiled(function: F) -> F:
    """Compile a loop when it is first called, and keep the outcome beside the source for the next process.

    What is called from within must stand in the same file: a change elsewhere is not noticed.
    """
    return _compiled(function, {}) if COMPILES else function


def within(function: F) -> F:
    """Compile a loop that only compiled ones call, and that makes no arrays.

    Nothing in it counts who still uses an array, which whoever called it does; else each call in a loop would do that
    anew for every array that it is given, and take ten times as long as its own work.
    """
    return _compiled(function, _COUNTS_NOTHING) if COMPILES else function


def _compiled(function: F, options: Mapping[str, Any]) -> F:
    from numba import njit

    try:
        made: Any = njit(cache=True, error_model="numpy", **options)(function)
    except RuntimeError:  # nowhere to keep it
        made = njit(error_model="numpy", **options)(function)
    return made  # type: ignore[no-any-return]  # it is called as the function is


def handle(module: str, name: str, fields: Sequence[str]) -> Any:
    """A class whose instances carry arrays and tuples of arrays into compiled loops as one thing.

    Each array that a loop is handed costs a step at every call; an instance of this class costs one in all. It is made
    within a compiled function. Without Numba it is a named tuple. It must be called `name` in the module (`__name__`).
    """
    if not COMPILES:
        return namedtuple(name, fields)  # noqa: PYI024 - its fields are not known here
    from numba.core.types import StructRef
    from numba.experimental import structref

    # Nothing of it is typed.
    library: Any = structref
    # What is kept of a compiled loop names its types, so the next process must find them: beside the class.
    kind = library.register(type(f"{name}Type", (StructRef,), {"__module__": module}))
    setattr(sys.modules[module], kind.__name__, kind)
    # Each call asks for the type several times: from the slot, it is not a call of Python's.
    inside = {"__module__": module, "__slots__": (), "_numba_type_": library.StructRefProxy._type}  # noqa: SLF001
    made = type(name, (library.StructRefProxy,), inside)
    library.define_proxy(made, kind, list(fields))
    return made


def still(array: NDArray[A]) -> NDArray[A]:
    """The same array, read-only: a loop is compiled anew for each kind of array, and a mapped file is of this one."""
    view = array.view()
    view.flags.writeable = False
    return view
