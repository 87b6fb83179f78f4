"""Live state outside releases: takedowns, segments, what shoppers lately did, and the keys that may ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from recsys.domain.ids import ItemId, UserId
from recsys.domain.selectors import Target
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.marks import NOTHING, ShopperMarks
from recsys.slates.targets import CompiledTargets, compile_targets
from recsys.storage.shoppers import SESSION, USER


@dataclass(frozen=True, slots=True)
class Shopper:
    """A shopper whom the shop's server vouches for, with segments that it asserts."""

    user: UserId
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LiveKey:
    """What a request may do with an API key; `shopper` came with the request in a token."""

    id: str
    name: str
    scopes: frozenset[str]
    publishable: bool = False
    origins: frozenset[str] = frozenset()
    rate_limit: int | None = None
    shopper: Shopper | None = None

    def may_name(self, user: str) -> bool:
        """Whether it may ask and tell about a user: a publishable key only about the one vouched for."""
        return not self.publishable or (self.shopper is not None and self.shopper.user == user)

    def may_assert(self, segments: Iterable[str]) -> bool:
        """Whether it may put a shopper into segments."""
        return not self.publishable or (
            self.shopper is not None and self.shopper.segments.issuperset(segments)
        )

    @property
    def tells_because(self) -> bool:
        """Whether answers name the items behind a reason."""
        return not self.publishable or self.shopper is not None


@dataclass(frozen=True, slots=True)
class CompiledOverlays:
    """The overlays at one revision.

    `segments` is by user id, `keys` by the SHA-256 of the key in hexadecimal digits; `shoppers` has a
    revision of its own.
    """

    revision: int = 0
    takedowns: tuple[Target, ...] = ()
    segments: Mapping[str, frozenset[str]] = field(default_factory=dict)
    keys: Mapping[str, LiveKey] = field(default_factory=dict)
    shoppers: ShopperMarks = field(default_factory=ShopperMarks)

    def takedown_targets(self, catalog: CompiledCatalog) -> CompiledTargets:
        """The takedowns over one catalog."""
        return compile_targets(self.takedowns, catalog)

    def disliked_by(self, user: str | None, session: str | None) -> frozenset[ItemId]:
        """What the user or the session does not want to see again."""
        own, other = self.shoppers.of(USER, user).disliked, self.shoppers.of(SESSION, session).disliked
        return own | other if own and other else own or other

    def bought_by(self, user: str | None, session: str | None) -> frozenset[ItemId]:
        """What the user has bought since the snapshots were made, and the session at all."""
        own, other = self.shoppers.of(USER, user).bought, self.shoppers.of(SESSION, session).bought
        return own | other if own and other else own or other

    def told_by(self, user: str | None, session: str | None) -> frozenset[ItemId]:
        """What the user or the session dislikes or has bought, as far as it was told."""
        of_user, of_session = self.shoppers.of(USER, user), self.shoppers.of(SESSION, session)
        if of_user is of_session:  # nothing is known of either
            return NOTHING
        return of_user.disliked | of_user.bought | of_session.disliked | of_session.bought

    def recent_items(self, user: str | None, session: str | None) -> tuple[ItemId, ...]:
        """What the user or the session was lately drawn to, the latest first: at most `MOST_RECENT` each.

        Without what either dislikes; for the fold-in of shoppers whom no snapshot knows.
        """
        own, other = self.shoppers.of(USER, user).recent, self.shoppers.of(SESSION, session).recent
        if not (own or other):
            return ()
        both = sorted((*own, *other), key=lambda each: (-each[0], each[1]))
        disliked = self.disliked_by(user, session)
        return tuple(dict.fromkeys(item for _, item in both if item not in disliked))

    def segments_of(self, user: str | None) -> frozenset[str]:
        """The segments that the user was imported into."""
        return self.segments.get(user, frozenset()) if user is not None else frozenset()
