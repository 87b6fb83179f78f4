"""Signing in and out, and who is asking.

A session names a person and their session epoch. The epoch moves when the person's password or role changes or the
person is deactivated, which ends their sessions everywhere at the next request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from curation_ui import context
from curation_ui.addresses import within
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.throttle import Throttle
from curation_ui.toasts import Toast, Tone, from_htmx, with_toast
from recsys.domain.people import Actor, Permission
from recsys.services import people
from recsys.storage.people import Person

OPEN_ENDPOINTS = frozenset({"static", "auth.login", "appearance.choose", "account.join", "account.choose"})
FOR_EVERYONE = frozenset(
    {
        "auth.logout",
        "account.password",
        "account.sign_out_everywhere",
        "presence.here",
        "publishing.check",
        "themes.entries",
        "themes.find_for",
        "themes.preview",
    }
)
"""What is posted and changes nothing but one's own account: whoever is signed in may."""
THROTTLE = "recsys-throttle"

bp = Blueprint("auth", __name__)


@dataclass(frozen=True, slots=True, eq=False)
class SignedIn(UserMixin):
    """The person of a session."""

    person: Person

    @property
    def actor(self) -> Actor:
        """The person as the services know them."""
        return Actor(self.person.email, self.person.role)

    def get_id(self) -> str:
        """What the session keeps: epoch and email."""
        return f"{self.person.session_epoch}|{self.person.email}"


def install(app: Flask) -> None:
    """Make every page of `app` but the sign-in ask who is there."""
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(_load)
    manager.init_app(app)
    app.extensions[THROTTLE] = Throttle(lambda: context.shop().clock())
    app.before_request(_require_sign_in)
    app.before_request(_require_editor)


@bp.get("/login")
def login() -> AnyResponse | str:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(_next())
    return render_template("auth/login.html", email="", next=_next(), error="")


@bp.post("/login")
def sign_in() -> AnyResponse:
    """Start a session for the right email and password; the answer to a wrong pair names neither."""
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    throttle: Throttle = current_app.extensions[THROTTLE]
    key = f"{email.lower()}|{request.remote_addr}"
    wait = throttle.wait(key)
    if wait > timedelta(0):
        return _refused(email, wait_words(wait), 429, wait)
    person = people.check_password(context.shop(), email, password)
    if person is None:
        throttle.failed(key)
        return _refused(
            email, _("This email and password do not belong together. Check both and try again."), 401
        )
    throttle.succeeded(key)
    begin(person)
    return redirect(_next(), 303)


@bp.post("/logout")
def logout() -> AnyResponse:
    """End the session."""
    logout_user()
    session.clear()
    flash(json.dumps(Toast(_("You are signed out."), Tone.INFO).plain()))
    return redirect(url_for("auth.login"), 303)


def begin(person: Person) -> None:
    """Begin a session. One that someone else may have planted is thrown away whole."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(person))


def _load(kept: str) -> SignedIn | None:
    epoch, separator, email = kept.partition("|")
    if not separator:
        return None
    person = people.find_person(context.shop(), email)
    if person is None or not person.active or str(person.session_epoch) != epoch:
        return None
    return SignedIn(person)


def _require_sign_in() -> AnyResponse | None:
    if (
        request.endpoint in OPEN_ENDPOINTS
        or request.endpoint == "auth.sign_in"
        or current_user.is_authenticated
    ):
        return None
    if from_htmx():
        text = _(
            "Your session has ended. Nothing on this page is lost: sign in again in another tab, then repeat this."
        )
        return with_toast("", Toast(text, Tone.BAD), status=401)
    if request.method != "GET":
        return make_response(render_template("errors/signed_out.html"), 401)
    target = request.full_path.rstrip("?")
    return redirect(url_for("auth.login", next=None if target == "/" else target))


def _require_editor() -> None:
    """Turn those away who may only look, before their form is read; what more it takes, the use cases know."""
    signing = request.endpoint in OPEN_ENDPOINTS or request.endpoint == "auth.sign_in"
    if request.method != "POST" or request.endpoint is None or signing or request.endpoint in FOR_EVERYONE:
        return
    context.actor().require(Permission.EDIT)


def _next() -> str:
    return within(request.values.get("next"), url_for("desk.index"))


def _refused(email: str, error: str, status: int, wait: timedelta | None = None) -> Response:
    response = make_response(
        render_template("auth/login.html", email=email, next=_next(), error=error), status
    )
    if wait is not None:
        response.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
    return response


def wait_words(wait: timedelta) -> str:
    """What to say to whoever has tried too often."""
    minutes = int(wait.total_seconds() // 60) + 1
    return ngettext(
        "Too many tries. Wait %(num)d minute, then try again.",
        "Too many tries. Wait %(num)d minutes, then try again.",
        minutes,
    )
