"""The rail: where one can go, and how much waits there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import request, url_for

from curation_ui import context
from curation_ui.i18n import gettext as _
from recsys.domain.rules import Boost, Pin, SurfaceSettings, Theme, Veto


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail; `count` is shown when above 0, and `counted` says what it counts."""

    title: str
    address: str
    count: int = 0
    counted: str = ""
    inner: tuple[Place, ...] = ()

    @property
    def here(self) -> bool:
        """Whether this is the page being shown, or the part of the desk that it belongs to."""
        if self.address == "/":
            return request.path == "/"
        return request.path == self.address or request.path.startswith(f"{self.address.rstrip('/')}/")


def navigation() -> list[Place]:
    """The entries of the rail for this request."""
    from curation_ui.waiting import waiting

    rules = context.draft().rules
    ready = _runs_ready()
    return [
        Place(_("Desk"), url_for("desk.index"), len(waiting()), _("waiting")),
        Place(_("Surfaces"), url_for("surfaces.index"), inner=_surfaces()),
        Place(_("Rules"), url_for("rules.index")),
        Place(_("Themes"), url_for("themes.index"), len(rules.of(Theme)), _("themes")),
        Place(_("Vetoes"), url_for("vetoes.index"), len(rules.of(Veto)), _("vetoes")),
        Place(_("Runs"), url_for("runs.index"), ready, _("to review")),
        Place(_("Releases"), url_for("releases.index")),
        Place(_("Audit"), url_for("audit.index")),
        *(_for_admins() if context.may("administer") else ()),
    ]


def _for_admins() -> tuple[Place, ...]:
    # “Keys” alone are those of the keyboard, further down in the rail.
    return Place(_("People"), url_for("people.index")), Place(_("API keys"), url_for("keys.index"))


def _surfaces() -> tuple[Place, ...]:
    """Each surface with the number of drafted changes that show there."""
    drafted: Counter[str | None] = Counter()
    for change in context.draft().changes:
        rule = change.after or change.before
        if isinstance(rule, Pin | Veto | Boost):
            drafted[rule.scope.surface] += 1
        elif isinstance(rule, SurfaceSettings):
            drafted[rule.slug] += 1
    return tuple(
        Place(surface.title, url_for("surfaces.show", slug=surface.slug), drafted[surface.slug], _("drafted"))
        for surface in context.draft().rules.of(SurfaceSettings)
    )


def _runs_ready() -> int:
    from curation_ui.waiting import runs_to_review

    return len(runs_to_review())
