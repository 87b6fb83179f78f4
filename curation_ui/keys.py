"""API keys: what storefronts call the endpoint with."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from curation_ui import context, forms
from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, done
from recsys.domain.errors import Invalid
from recsys.domain.people import Permission
from recsys.services import keys
from recsys.services.shopper_tokens import signing_secret
from recsys.storage.keys import KeyInfo

bp = Blueprint("keys", __name__, url_prefix="/keys")

PUBLISHABLE = "publishable"
FIELDS = ("name", "scope", "origin", "rate_limit")
"""What can be wrong in the form, by the names that the use case gives its fields."""


@bp.get("")
def index() -> str:
    """Every key, without the keys themselves; admins only."""
    context.actor().require(Permission.ADMINISTER)
    return _page()


@bp.post("")
def make() -> str | Response:
    """Make a key; the answer shows it, this once.

    It goes into no redirect and no message that is kept: whoever loses it makes another.
    """
    actor, form = context.actor(), request.form
    actor.require(Permission.ADMINISTER)
    try:
        text, info = keys.add_key(
            context.shop(),
            actor,
            forms.text(form, "name"),
            form.getlist("scope"),
            publishable=_publishable(),
            origins=forms.listed(form, "origin"),
            rate_limit=forms.whole(form, "rate_limit"),
        )
    except Invalid as error:
        return make_response(_page(error=error), 422)
    return _page(made=info, text=text)


@bp.post("/<key_id>/revoke")
def revoke(key_id: str) -> AnyResponse:
    """End a key; workers refuse it within a second."""
    info = keys.revoke_key(context.shop(), context.actor(), key_id)
    return done(Toast(_("The key “%(name)s” works no longer.", name=info.name)), url_for("keys.index"))


def _publishable() -> bool:
    kind = forms.text(request.form, "kind", "secret")
    if kind not in {"secret", PUBLISHABLE}:
        raise Invalid("kind", _("choose secret or publishable"))
    return kind == PUBLISHABLE


def _page(made: KeyInfo | None = None, text: str = "", error: Invalid | None = None) -> str:
    """The page; after a key was made with the key and an empty form, after an error with what was typed."""
    listed = keys.keys(context.shop())
    at_field = error is not None and error.field in FIELDS
    secret = signing_secret(context.shop().settings, made.id) if made and made.publishable else ""
    return render_template(
        "keys/index.html",
        working=[each for each in listed if each.revoked_at is None],
        revoked=[each for each in listed if each.revoked_at is not None],
        made=made,
        text=text,
        secret=secret,
        values=request.form if error is not None else {},
        chosen=request.form.getlist("scope") if error is not None else ["read"],
        errors={error.field: error.message} if error is not None and at_field else {},
        problem=error.message if error is not None and not at_field else "",
        scopes=_scopes(),
    )


def _scopes() -> list[tuple[str, str]]:
    said = {
        "read": _("ask for recommendations"),
        "events": _("send what shoppers do"),
        "admin": _("everything, also another time"),
    }
    return [(scope, said[scope]) for scope in keys.SCOPES]
