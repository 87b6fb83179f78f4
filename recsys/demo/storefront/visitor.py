"""Who is shopping: one of the sample shoppers, or somebody never seen before; kept in a signed cookie."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import session

FIRST_TIME = "first-time"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The shopper by id, or by session where `user_id` is None; `personal` is whether suggestions may be personal."""

    user_id: str | None
    session_id: str
    personal: bool

    @property
    def key(self) -> str:
        """What the cart is kept under."""
        return f"user:{self.user_id}" if self.user_id else f"session:{self.session_id}"

    @property
    def names(self) -> dict[str, str]:
        """How the endpoint is told who it is."""
        return {"user_id": self.user_id} if self.user_id else {"session_id": self.session_id}

    @property
    def asserted_session(self) -> str | None:
        """The session, for who is not signed in."""
        return None if self.user_id else self.session_id

    @property
    def ask(self) -> dict[str, object]:
        """What every question says of the visitor."""
        return {**self.names, "personalised": self.personal}


def visitor(samples: Sequence[str]) -> Visitor:
    """Who is shopping now: at first the first of the sample shoppers."""
    chosen = session.get("shopper", samples[0] if samples else FIRST_TIME)
    known = chosen if chosen in samples else None
    if "session" not in session:
        session["session"] = uuid.uuid4().hex
    return Visitor(known, session["session"], session.get("personal", True))


def become(chosen: str) -> None:
    """Shop as somebody else; each first-time visitor is a new one."""
    session["shopper"] = chosen
    session["session"] = uuid.uuid4().hex
