"""One's own account: the password, the sessions; and coming in by an invitation."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask_login import logout_user
from werkzeug.wrappers import Response

from curation_ui import auth, context
from curation_ui.errors import invalid_words
from curation_ui.i18n import gettext as _
from curation_ui.throttle import Throttle
from curation_ui.toasts import Toast, done
from recsys.domain.errors import Invalid
from recsys.services import invitations, people
from recsys.services.people import SHORTEST_PASSWORD

bp = Blueprint("account", __name__)


@bp.get("/account")
def show() -> Response:
    """The signed-in person's own page."""
    return _account()


@bp.post("/account/password")
def password() -> Response:
    """Change one's own password; other sessions end, this one goes on."""
    throttle: Throttle = current_app.extensions[auth.THROTTLE]
    key = f"{context.me()}|password"
    if (wait := throttle.wait(key)) > timedelta(0):
        return _account(auth.wait_words(wait), 429)
    form = request.form
    try:
        _check_twice(form.get("password", ""), form.get("again", ""))
        person = people.change_password(
            context.shop(), context.actor(), form.get("current", ""), form.get("password", "")
        )
    except Invalid as error:
        if error.field == "current":
            throttle.failed(key)
        return _account(_words(error), 422)
    throttle.succeeded(key)
    auth.begin(person)
    text = _("Your password is changed; you are signed out everywhere else.")
    return done(Toast(text), url_for("account.show"))


@bp.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> Response:
    """End all one's sessions, this one too."""
    people.sign_out_everywhere(context.shop(), context.actor(), context.me())
    logout_user()
    return done(Toast(_("You are signed out everywhere.")), url_for("auth.login"))


@bp.get("/join/<token>")
def join(token: str) -> Response:
    """The page behind an invitation."""
    return _join(token)


@bp.post("/join/<token>")
def choose(token: str) -> Response:
    """Choose a password by an invitation, and come in."""
    given = request.form.get("password", "")
    try:
        _check_twice(given, request.form.get("again", ""))
        person = invitations.join(context.shop(), token, given)
    except Invalid as error:
        return _join(token, _words(error), 422)
    auth.begin(person)
    return redirect(url_for("desk.index"), 303)


def _check_twice(password: str, again: str) -> None:
    if password != again:
        raise Invalid("password", _("the two are not the same; type it again"))


def _words(error: Invalid) -> str:
    if error.field == "current":
        return _("This is not your present password.")
    return invalid_words(error)


def _account(error: str = "", status: int = 200) -> Response:
    shown = render_template("people/account.html", error=error, shortest=SHORTEST_PASSWORD)
    return make_response(shown, status)


def _join(token: str, error: str = "", status: int = 200) -> Response:
    person = invitations.invited(context.shop(), token)
    shown = render_template(
        "people/join.html", person=person, token=token, error=error, shortest=SHORTEST_PASSWORD
    )
    return make_response(shown, status)
