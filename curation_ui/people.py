"""People: who may sign in and as what; invitations."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms
from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, done
from recsys.domain.errors import Invalid
from recsys.domain.people import Permission, Role
from recsys.services import invitations, people
from recsys.services.invitations import Invitation

bp = Blueprint("people", __name__, url_prefix="/people")


@bp.get("")
def index() -> str:
    """Everybody, by address; admins only."""
    return _page()


@bp.post("/invite")
def invite() -> str:
    """Let somebody in; the answer shows the link, this once."""
    form = request.form
    made = invitations.invite(
        context.shop(), context.actor(), forms.text(form, "email"), _role(), name=forms.text(form, "name")
    )
    return _page(made)


@bp.post("/link")
def link() -> str:
    """A new link for somebody; the answer shows it, this once."""
    return _page(invitations.new_link(context.shop(), context.actor(), forms.text(request.form, "email")))


@bp.post("/role")
def role() -> Response:
    """Give somebody another role."""
    person = people.change_role(context.shop(), context.actor(), forms.text(request.form, "email"), _role())
    text = _("%(who)s is %(role)s now and signs in anew.", who=person.name, role=_role_words(person.role))
    return done(Toast(text), url_for("people.index"))


@bp.post("/deactivate")
def deactivate() -> Response:
    """Keep somebody out."""
    person = people.deactivate(context.shop(), context.actor(), forms.text(request.form, "email"))
    return done(Toast(_("%(who)s is kept out.", who=person.name)), url_for("people.index"))


@bp.post("/reactivate")
def reactivate() -> Response:
    """Let somebody in again."""
    person = people.reactivate(context.shop(), context.actor(), forms.text(request.form, "email"))
    return done(Toast(_("%(who)s may sign in again.", who=person.name)), url_for("people.index"))


@bp.post("/sign-out")
def sign_out() -> Response:
    """End somebody's sessions."""
    person = people.sign_out_everywhere(context.shop(), context.actor(), forms.text(request.form, "email"))
    return done(Toast(_("%(who)s is signed out everywhere.", who=person.name)), url_for("people.index"))


def _page(made: Invitation | None = None) -> str:
    context.actor().require(Permission.ADMINISTER)
    address = None if made is None else url_for("account.join", token=made.token, _external=True)
    return render_template(
        "people/index.html",
        people=people.everyone(context.shop()),
        made=made,
        address=address,
        roles=[(each.value, _role_words(each)) for each in Role],
    )


def _role() -> Role:
    given = forms.text(request.form, "role")
    if given not in {each.value for each in Role}:
        raise Invalid("role", _("choose one of the roles offered"))
    return Role(given)


def _role_words(role: Role) -> str:
    return {
        Role.VIEWER: _("viewer"),
        Role.EDITOR: _("editor"),
        Role.PUBLISHER: _("publisher"),
        Role.ADMIN: _("admin"),
    }[role]
