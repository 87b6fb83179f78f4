"""The part of a query string that most requests share, read once; who asks is read anew, and never remembered."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec

from recsys.domain.errors import Invalid
from recsys.domain.ids import UserId
from recsys.serving.parameters import Asked, parse_parameters
from recsys.serving.problems import Problem
from recsys.serving.values import parse_id

_MOST_CHARACTERS = 300
_USER, _SESSION = "user_id=", "session_id="
_replaced = msgspec.structs.replace


class Read(NamedTuple):
    """A query string as it was read; `shared` is what is left of it without the shopper, None where it is unusual."""

    asked: Asked
    shared: str | None = None


def read_query(query: str) -> Read:
    """What `parse_parameters` reads. Raises `Problem` (400) that lists everything wrong at once."""
    if len(query) > _MOST_CHARACTERS or "%" in query or "+" in query or "cursor=" in query:
        return Read(parse_parameters(query))
    user, shared = _without(query, _USER)
    session, shared = _without(shared, _SESSION)
    try:
        asked = _shared(shared)
        if session is not None:
            asked = _replaced(asked, session_id=parse_id(session))
        if user is not None:
            asked = _replaced(asked, user_id=UserId(parse_id(user)))
    except (Invalid, Problem):
        # Only the whole query tells all that is wrong with it, in its order.
        return Read(parse_parameters(query))
    return Read(asked, shared)


def _without(query: str, name: str) -> tuple[str | None, str]:
    """The first value of a name with its equals sign, None where it is not there, and the query without it."""
    before, found, behind = query.partition(name)
    if not found:
        return None, query
    if before and before[-1] != "&":
        # The name ends another one; what it stands for, if at all, only the whole way tells.
        return None, query
    value, _, behind = behind.partition("&")
    if before and behind:
        return value, before + behind
    return value, before[:-1] or behind


@lru_cache(maxsize=512)
def _shared(query: str) -> Asked:
    asked = parse_parameters(query)
    if asked.user_id is not None or asked.session_id is not None:
        raise Invalid("", "is given twice")
    return asked
