"""Who is let in: the key, whether there is time, and whether the key has asked too often."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.serving.http import Headers, HttpRequest
from recsys.serving.keys import ADMIN, authenticate
from recsys.serving.meter import Meter
from recsys.serving.problems import Problem, too_busy, unavailable
from recsys.serving.rate_limits import RateLimits
from recsys.serving.shedding import Shedder
from recsys.serving.shopper_tokens import ShopperTokens
from recsys.slates.overlays import LiveKey
from recsys.slates.refresh import LiveHolder

PRIVATE = ("Cache-Control", "private, no-cache")
VARY = ("Vary", "Authorization, X-API-Key, X-Shopper-Token, Origin")


@dataclass(frozen=True, slots=True)
class Door:
    """Lets requests in; each is weighed and counted once, however often it comes by."""

    live: LiveHolder
    shoppers: ShopperTokens
    limits: RateLimits
    shedder: Shedder
    meter: Meter

    def key_of(self, http: HttpRequest) -> LiveKey:
        """The key of a request. Raises `Problem`: 401, or 503 where nobody can know yet which keys there are."""
        try:
            return authenticate(http, self.live.current().overlays.keys)
        except Problem:
            if self.live.last_success is None and not self.live.current().overlays.keys:
                raise unavailable(
                    "The database has not been reached yet, so no key is known; ask again."
                ) from None
            raise

    def admit(self, http: HttpRequest, key: LiveKey, scope: str) -> Headers:
        """The headers that tell where the key stands.

        Raises `Problem`: 503 for the share of requests that there is no time for (what admins do goes first), 429 for a
        key that asks too often.
        """
        if http.turned_away is None:
            http.turned_away = scope != ADMIN and self.shedder.turns_away()
            if http.turned_away:
                self.meter.shed()
        if http.turned_away:
            raise too_busy()
        if http.limits is None:
            http.limits = self.limits.take(key)
        return http.limits
