"""Shopper tokens in requests: for whom the shop's server vouches, beside a publishable key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

from recsys.domain.errors import Invalid
from recsys.services.shopper_tokens import read_shopper_token, signing_secret
from recsys.serving.http import HttpRequest
from recsys.serving.problems import FieldError, Problem, bad_field
from recsys.settings import Settings
from recsys.slates.overlays import LiveKey

HEADER = "X-Shopper-Token"


@dataclass(frozen=True, slots=True)
class ShopperTokens:
    """Reads the tokens of one installation; `clock` gives the time in UTC."""

    settings: Settings
    clock: Callable[[], datetime]
    _secrets: dict[str, str] = field(default_factory=dict)

    def vouched(self, http: HttpRequest, key: LiveKey) -> LiveKey:
        """The key, with the shopper whom a token beside it vouches for.

        Raises `Problem`: 401 for a token that does not hold, 400 for one beside a secret key.
        """
        token = http.header("x-shopper-token")
        if token is None:
            return key
        if not key.publishable:
            raise bad_field(HEADER, "goes with a publishable key; a secret key names shoppers by itself")
        try:
            return replace(key, shopper=read_shopper_token(token, self._secret(key), self.clock()))
        except Invalid as error:
            raise _unauthorised(error) from None

    def _secret(self, key: LiveKey) -> str:
        secret = self._secrets.get(key.id)
        if secret is None:
            secret = self._secrets[key.id] = signing_secret(self.settings, key.id)
        return secret


def _unauthorised(error: Invalid) -> Problem:
    said = f"{error.field} {error.message}".strip()
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        f"The shopper token {said}.",
        errors=[FieldError(HEADER, said)],
        headers=[("WWW-Authenticate", 'Bearer realm="recsys", error="invalid_token"')],
    )
