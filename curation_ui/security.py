"""What every answer carries so that browsers refuse what we never send, and the check of forged posts."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
A_YEAR = 31_536_000


def install(app: Flask) -> None:
    """Protect `app`: headers on every answer, a token on every post."""
    CSRFProtect(app)
    app.after_request(_harden)


def _harden(response: Response) -> Response:
    response.headers.update(HEADERS)
    if app_is_https():
        response.headers["Strict-Transport-Security"] = f"max-age={A_YEAR}"
    if request.endpoint != "static":
        # Pages show shoppers and drafts; a shared machine's cache is no place for them.
        response.headers["Cache-Control"] = "no-store"
    elif "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


def app_is_https() -> bool:
    """Whether the desk is reached over HTTPS."""
    from curation_ui.context import shop

    return shop().settings.https
