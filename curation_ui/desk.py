"""The desk: what needs a person now, who is changing what, and what stands."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from flask import Blueprint, render_template

from curation_ui import context, foresight, waiting
from recsys.domain.changes import Change
from recsys.services import releasing

SHOWN = 5

bp = Blueprint("desk", __name__)


@bp.get("/")
def index() -> str:
    """The first page after signing in."""
    week, later = foresight.week()
    return render_template(
        "desk/index.html",
        matters=waiting.waiting(),
        week=week,
        later=later,
        by_author=changes_by_author(),
        takedowns=waiting.takedowns(),
        releases=releasing.releases(context.shop(), SHOWN),
    )


def changes_by_author() -> Mapping[str, list[Change]]:
    """The draft's changes by who made them: one's own first, then by name; each one's newest first."""
    mine = context.me()
    ordered = sorted(context.draft().changes, key=lambda each: (each.author != mine, each.author, -each.id))
    return {author: list(found) for author, found in groupby(ordered, key=lambda each: each.author)}
