"""Rows of a page that a publication takes from its shoppers, or that nobody gets: found by building the pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.publishing.selection import Selection
from curation_ui.publishing.warnings import Warned
from curation_ui.surfaces.concerns import concerns
from curation_ui.words import Names, row_words
from recsys.domain.errors import NotFound
from recsys.domain.rows import RowSettings
from recsys.domain.rules import RuleSet, SurfaceSettings
from recsys.services.page_preview import page_look
from recsys.services.preview import Question
from recsys.services.samples import sample_shoppers
from recsys.services.shop import Shop
from recsys.slates.state import CompiledRelease, LiveState

SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shoppers:
    """Whose pages are built, and over what."""

    shop: Shop
    state: LiveState
    at: datetime
    users: Sequence[str | None]

    def getting(self, slug: str, release: CompiledRelease) -> Counter[str]:
        """How many of them get each row of a surface, by the row's name."""
        found: Counter[str] = Counter()
        for user in self.users:
            try:
                page = page_look(
                    self.shop, self.state, Question(surface=slug, at=self.at, user=user), release
                )
            except NotFound:
                return found
            found.update(each.settings.name for each in page.rows if each.shown)
        return found


def rows_lost(
    shop: Shop, state: LiveState, selection: Selection, live: RuleSet, names: Names, at: datetime
) -> Iterator[Warned]:
    """One warning for each row of a page that some sample shopper gets now and would not get any more.

    So is a row that is new or laid out anew and that none of them would get. Rows that the selection itself takes off
    the page are meant to go.
    """
    if state.release is None or not selection.chosen:
        return
    samples = [each.user_id for each in sample_shoppers(shop, state)][:SAMPLES]
    shoppers = Shoppers(shop=shop, state=state, at=at, users=samples or [None])
    after = state.release.with_rules(selection.rules)
    for surface in selection.rules.of(SurfaceSettings):
        touched = any(concerns(each, surface.slug, selection.rules) for each in selection.chosen)
        if not touched or len(surface.rows) == 1:
            continue
        now, then = (shoppers.getting(surface.slug, each) for each in (state.release, after))
        laid = live.surface(surface.slug)
        for row in surface.rows:
            anew = laid is None or laid.row(row.name) != row
            if then[row.name] < now[row.name] or (anew and not then[row.name]):
                yield Warned(
                    _words(row, surface, names, now[row.name] - then[row.name], len(shoppers.users)), surface
                )


def _words(row: RowSettings, surface: SurfaceSettings, names: Names, lost: int, asked: int) -> str:
    called = {"row": row_words(row, names), "surface": surface.title}
    if lost > 0:
        text = ngettext(
            "%(num)d of %(asked)d sample shoppers loses the row “%(row)s” on %(surface)s.",
            "%(num)d of %(asked)d sample shoppers lose the row “%(row)s” on %(surface)s.",
            lost,
            asked=asked,
            **called,
        )
    else:
        text = _("No sample shopper gets the row “%(row)s” on %(surface)s.", **called)
    needs = ngettext(
        "It is left out with fewer than %(num)d item, or with none of its kind.",
        "It is left out with fewer than %(num)d items, or with none of its kind.",
        row.min_size,
    )
    return f"{text} {needs}"
