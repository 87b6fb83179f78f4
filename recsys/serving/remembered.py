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


class Read(NamedTuple):
    """A query string as it was read; `shared` is what is left of it without the shopper, None where it is unusual."""

    asked: Asked
    shared: str | None = None


def read_query(query: str) -> Read:
    """What `parse_parameters` reads. Raises `Problem` (400) that lists everything wrong at once."""
    if len(query) > _MOST_CHARACTERS or "%" in query or "+" in query or "cursor=" in query:
        return Read(parse_parameters(query))
    user = session = None
    rest: list[str] = []
    for pair in query.split("&"):
        if user is None and pair.startswith(_USER):
            user = pair[len(_USER) :]
        elif session is None and pair.startswith(_SESSION):
            session = pair[len(_SESSION) :]
        else:
            rest.append(pair)
    shared = "&".join(rest)
    try:
        asked = msgspec.structs.replace(
            _shared(shared),
            user_id=None if user is None else UserId(parse_id(user)),
            session_id=None if session is None else parse_id(session),
        )
    except (Invalid, Problem):
        # Only the whole query tells all that is wrong with it, in its order.
        return Read(parse_parameters(query))
    return Read(asked, shared)


@lru_cache(maxsize=512)
def _shared(query: str) -> Asked:
    asked = parse_parameters(query)
    if asked.user_id is not None or asked.session_id is not None:
        raise Invalid("", "is given twice")
    return asked
