"""Live state outside releases: takedowns, dislikes, segments, and the keys that may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recsys.domain.ids import ItemId
from recsys.domain.selectors import Target
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.targets import CompiledTargets, compile_targets

NOBODY: frozenset[ItemId] = frozenset()


@dataclass(frozen=True, slots=True)
class LiveKey:
    """What a request may do with an API key."""

    id: str
    name: str
    scopes: frozenset[str]
    publishable: bool = False
    origins: frozenset[str] = frozenset()
    rate_limit: int | None = None


@dataclass(frozen=True, slots=True)
class CompiledOverlays:
    """The overlays at one revision.

    `dislikes` is by kind of shopper (user or session) and id, `segments` by user id, `keys` by the SHA-256
    of the key in hexadecimal digits.
    """

    revision: int = 0
    takedowns: tuple[Target, ...] = ()
    dislikes: Mapping[tuple[str, str], frozenset[ItemId]] = field(default_factory=dict)
    segments: Mapping[str, frozenset[str]] = field(default_factory=dict)
    keys: Mapping[str, LiveKey] = field(default_factory=dict)

    def takedown_targets(self, catalog: CompiledCatalog) -> CompiledTargets:
        """The takedowns over one catalog."""
        return compile_targets(self.takedowns, catalog)

    def disliked_by(self, user: str | None, session: str | None) -> frozenset[ItemId]:
        """What the user or the session does not want to see again."""
        own = self.dislikes.get(("user", user), NOBODY) if user is not None else NOBODY
        other = self.dislikes.get(("session", session), NOBODY) if session is not None else NOBODY
        return own | other if own and other else own or other

    def segments_of(self, user: str | None) -> frozenset[str]:
        """The segments that the user was imported into."""
        return self.segments.get(user, frozenset()) if user is not None else frozenset()
