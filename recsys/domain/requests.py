"""One question to the merge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recsys.domain.ids import ItemId, UserId
from recsys.domain.rules import MAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks, where, when, and for how much.

    `at` is UTC and is the only clock of the merge. `market` is the one that counts: the request's
    own, else the shopper's home market. For a further page, `start` is the first slot wanted, `shown`
    what earlier pages showed (`shown_pinned` of it by pins), and pins below `pins_from` are spent.
    """

    at: datetime
    surface: str | None = None
    row: str = MAIN
    user: UserId | None = None
    session: str | None = None
    market: str | None = None
    segments: frozenset[str] = frozenset()
    context: tuple[ItemId, ...] = ()
    exclude: frozenset[ItemId] = frozenset()
    tags: frozenset[str] = frozenset()
    price_min: float | None = None
    price_max: float | None = None
    items: tuple[ItemId, ...] = ()
    personalised: bool = True
    rules: bool = True
    limit: int = 20
    start: int = 1
    shown: frozenset[ItemId] = frozenset()
    shown_pinned: frozenset[ItemId] = frozenset()
    pins_from: int = 0

    @property
    def shopper(self) -> str | None:
        """Whom a holdout counts: the user, else the session."""
        return self.user if self.user is not None else self.session

    @property
    def filters(self) -> bool:
        """Whether it asks for some items alone, by tag or price."""
        return bool(self.tags) or self.price_min is not None or self.price_max is not None
