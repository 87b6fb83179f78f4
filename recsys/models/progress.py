"""How long work tells whoever waits where it stands."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the steps of a long piece of work, one after the other."""

    def step(self, name: str, total: int) -> None:
        """Begin a step of `total` units; the step before is over."""

    def advance(self, n: int = 1) -> None:
        """`n` more units of the present step are done."""


class Silent:
    """Progress that nobody watches."""

    def step(self, name: str, total: int) -> None:
        """Say nothing."""

    def advance(self, n: int = 1) -> None:
        """Say nothing."""
