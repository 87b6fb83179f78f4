"""The headers of every answer, and the check of forged posts: the desk's, but no page of the shop has a script."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from curation_ui.security import HEADERS

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data: https:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def install(app: Flask) -> None:
    """Protect `app`."""
    CSRFProtect(app)
    app.after_request(_harden)


def _harden(response: Response) -> Response:
    response.headers.update({**HEADERS, "Content-Security-Policy": POLICY})
    if request.endpoint not in {"static", "pages.family"}:
        # A page is made for one shopper.
        response.headers["Cache-Control"] = "no-store"
    return response
