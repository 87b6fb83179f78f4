"""The audit: who did what, when, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Blueprint, Response, render_template, request, stream_with_context

from curation_ui import context, forms
from curation_ui.audit_csv import audit_csv
from curation_ui.audit_words import entry_words, payload_words
from curation_ui.i18n import gettext as _
from recsys.domain.people import OPERATOR
from recsys.services import auditing, people
from recsys.storage.audit import AuditEntry

PAGE = 50

bp = Blueprint("audit", __name__, url_prefix="/audit")


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which entries are asked for; the empty string asks for all."""

    who: str
    what: str
    target: str
    since: str
    until: str
    before_id: int | None


@bp.get("/export.csv")
def export() -> Response:
    """All entries that the filters leave, newest first, as CSV."""
    asked = _asked()
    if asked.since or asked.until:
        # A date that is none must be told before the answer begins.
        _entries(asked)
    lines = stream_with_context(audit_csv(_every(asked)))
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)


@bp.get("")
def index() -> str:
    """Entries, newest first, filtered by who, what, about what, and when."""
    asked = _asked()
    found = _entries(asked)
    return render_template(
        "audit/index.html",
        entries=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        asked=asked,
        actors=sorted({OPERATOR.name} | {person.email for person in people.everyone(context.shop())}),
        kinds=kinds(),
        say=entry_words,
        payload=payload_words,
    )


def kinds() -> list[tuple[str, str]]:
    """What can be asked for, with its words."""
    return [
        ("", _("Everything")),
        ("draft", _("Changes of the draft")),
        ("release", _("Releases")),
        ("takedown", _("Takedowns")),
        ("run", _("Runs")),
        ("catalog", _("Catalog")),
        ("person", _("People")),
        ("key", _("Keys")),
    ]


def _asked() -> AuditQuestion:
    return AuditQuestion(
        who=forms.text(request.args, "who"),
        what=forms.text(request.args, "what"),
        target=forms.text(request.args, "target"),
        since=forms.text(request.args, "since"),
        until=forms.text(request.args, "until"),
        before_id=forms.whole(request.args, "before_id"),
    )


def _every(asked: AuditQuestion) -> Iterator[AuditEntry]:
    """Page after page, so that a long history is never in memory whole."""
    while found := _entries(asked, auditing.MOST_SHOWN):
        yield from found
        asked = replace(asked, before_id=found[-1].id)


def _entries(asked: AuditQuestion, limit: int = PAGE + 1) -> list[AuditEntry]:
    zone = context.zone()
    since = forms.day_from({"since": asked.since}, "since", zone)
    until = forms.day_from({"until": asked.until}, "until", zone)
    return auditing.entries(
        context.shop(),
        actor=asked.who or None,
        command=asked.what or None,
        target=asked.target or None,
        since=since,
        # A day is meant whole.
        until=None if until is None else until + timedelta(days=1),
        before_id=asked.before_id,
        limit=limit,
    )
