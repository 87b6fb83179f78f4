"""What the desk says after an action: a toast, with Undo where there is something to undo.

An answer to htmx carries it in the `HX-Trigger` header; a plain form post flashes it for the next page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from recsys.services.bulk import Step


class Tone(StrEnum):
    """How a toast looks."""

    GOOD = "good"
    BAD = "bad"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Toast:
    """One sentence about what happened; `undo` is the address to post to for taking it back."""

    text: str
    tone: Tone = Tone.GOOD
    undo: str | None = None

    def plain(self) -> dict[str, Any]:
        """The toast as JSON values."""
        return {"text": self.text, "tone": str(self.tone), "undo": self.undo}


def from_htmx() -> bool:
    """Whether htmx asks, which wants a part of a page and no redirect."""
    return request.headers.get("HX-Request") == "true"


def with_toast(body: str, toast: Toast, *events: str, status: int = 200) -> Response:
    """An answer to htmx: the part, the toast, and further browser events such as `draft-changed`."""
    response = make_response(body, status)
    # JSON escapes whatever a header may not hold.
    response.headers["HX-Trigger"] = json.dumps({"toast": toast.plain(), **{event: {} for event in events}})
    return response


def done(toast: Toast, back: str) -> AnyResponse:
    """The answer of an action that changed the draft or live state, on whichever page it was asked.

    htmx gets an empty answer whose `draft-changed` event makes the page's parts fetch themselves again; a plain form
    goes to `back` and reads the sentence there.
    """
    if from_htmx():
        return with_toast("", toast, "draft-changed", status=204)
    flash(json.dumps(toast.plain()), str(toast.tone))
    return redirect(back, 303)


def undo_address(step: Step) -> str:
    """Where a step of many changes is taken back."""
    return url_for("rules.undo", first=step.first, last=step.last)
