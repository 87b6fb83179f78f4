"""Light, dark, or as the system has it: kept in a cookie, because it belongs to the screen and not to the person."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.addresses import back
from curation_ui.rendering import APPEARANCE_COOKIE, THEMES

A_YEAR = 31_536_000

bp = Blueprint("appearance", __name__)


@bp.post("/appearance")
def choose() -> Response:
    """Remember `appearance`: light, dark, or nothing for the system's."""
    chosen = request.form.get("appearance", "")
    response = redirect(back("/"), 303)
    response.set_cookie(
        APPEARANCE_COOKIE,
        chosen if chosen in THEMES else "",
        max_age=A_YEAR if chosen in THEMES else 0,
        samesite="Lax",
        secure=context.shop().settings.https,
    )
    return response
