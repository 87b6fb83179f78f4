"""Errors in plain words: what happened, what became of the work, and what to do."""

from __future__ import annotations

import logging
from typing import NamedTuple

from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, Tone, from_htmx, with_toast
from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound, RecsysError, Unavailable

log = logging.getLogger(__name__)
SERVER_ERROR = 500


class Words(NamedTuple):
    """A heading, what became of the work, and what to do."""

    heading: str
    text: str
    mend: str


def install(app: Flask) -> None:
    """Answer every error of `app` with a page, or with a toast where htmx asks."""
    app.register_error_handler(RecsysError, _known)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def invalid_words(error: Invalid) -> str:
    """One sentence for a field that breaks a rule: “Slot: give a slot from 1 to 500”."""
    if not error.field:
        return error.message
    name = error.field.rpartition(".")[2].removesuffix("_id").replace("_", " ")
    return f"{name[:1].upper()}{name[1:]}: {error.message}"


def _known(error: Exception) -> Response:
    match error:
        case Invalid():
            return answer(
                422, Words(_("That does not work yet"), invalid_words(error), _("Nothing was changed."))
            )
        case NotFound():
            return answer(404, Words(_("Not found"), str(error), _("Nothing was changed.")))
        case Forbidden():
            return answer(403, Words(_("You may not do this"), str(error), _("Nothing was changed.")))
        case Conflict():
            return answer(
                409,
                Words(
                    _("Someone was faster"),
                    str(error),
                    _("Your change was not made; look at what stands now, then decide."),
                ),
            )
        case Unavailable():
            return answer(
                503, Words(_("Not yet"), str(error), _("Nothing was changed; try again in a moment."))
            )
        case _:
            return answer(400, Words(_("That did not work"), str(error), _("Nothing was changed.")))


def _forged(_error: Exception) -> Response:
    text = _("The page is older than your session, so nothing was changed.")
    mend = _(
        "Load the page again in another tab to compare, then repeat the change there. What you typed is still on the page you came from."
    )
    return answer(400, Words(_("This page has gone stale"), text, mend))


def _http(error: Exception) -> Response:
    if not isinstance(error, HTTPException) or error.code is None:
        return _unknown(error)
    if error.code < 400:
        return make_response(error.get_response())
    words = {
        404: Words(
            _("Nothing here"),
            _("There is no page at this address."),
            _("Perhaps it was renamed or removed; search for it, or start at the desk."),
        ),
        405: Words(
            _("Not this way"),
            _("This address cannot be opened directly."),
            _("Nothing was changed. Go back and use the button on the page."),
        ),
        413: Words(
            _("Too much at once"),
            _("What was sent is larger than the desk takes."),
            _("Nothing was changed. Send it in smaller pieces."),
        ),
    }.get(
        error.code, Words(_("That did not work"), error.description or error.name, _("Nothing was changed."))
    )
    return answer(error.code, words)


def _unknown(error: Exception) -> Response:
    log.error("request failed: %s %s", request.method, request.endpoint, exc_info=error)
    words = Words(
        _("That went wrong on our side"),
        _("What you last did was not saved; everything saved before is safe."),
        _("Try once more. If it happens again, tell whoever runs this desk what you did and when."),
    )
    try:
        return answer(SERVER_ERROR, words)
    except Exception:
        # The page's frame reads the database too; when that is away, the words alone must do.
        log.exception("the error page failed as well")
        return make_response("\n".join(words), SERVER_ERROR, {"Content-Type": "text/plain; charset=utf-8"})


def answer(status: int, words: Words) -> Response:
    """The error as a toast for htmx, which leaves the page as it is, else as a page of its own."""
    if from_htmx():
        response = with_toast("", Toast(f"{words.text} {words.mend}".strip(), Tone.BAD), status=status)
        response.headers["HX-Reswap"] = "none"
        return response
    return make_response(render_template("errors/error.html", words=words, status=status), status)
