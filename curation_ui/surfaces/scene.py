"""Everything that the surface page shows for one view, gathered before a template sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from curation_ui.i18n import gettext as _
from curation_ui.surfaces.concerns import concerns
from curation_ui.surfaces.grid import Cell
from curation_ui.surfaces.ground import Ground, ground_of
from curation_ui.surfaces.notices import Notice, notices
from curation_ui.surfaces.pairs import (
    Pair,
    Side,
    differing,
    page_pairs,
    row_look,
    row_pair,
    sample_pairs,
    side_of,
)
from curation_ui.surfaces.view import Show, View
from recsys.domain.catalog import Item
from recsys.domain.changes import Change
from recsys.domain.diff import RuleDifference, diff_rules
from recsys.domain.errors import Invalid, NotFound
from recsys.domain.ids import ItemId
from recsys.domain.rows import RowSettings
from recsys.domain.rules import MAIN, SurfaceSettings, Theme
from recsys.services.drafting import Draft, rule_token
from recsys.services.page_preview import page_look
from recsys.services.preview import Question, Stage
from recsys.services.shop import Shop
from recsys.services.standing import RuleStanding, standing
from recsys.slates.state import CompiledRelease, LiveState

MAX_TILES = 100
MAX_CARDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A row of the whole page: its settings and title, and what stands in it; `shown` is whether the shopper gets it."""

    settings: RowSettings
    title: str
    side: Side
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the templates of the surface page read.

    `problem` says in one sentence why the view could not be shown as asked; the grid is then the
    nearest that can.
    """

    surface: SurfaceSettings
    surfaces: list[SurfaceSettings]
    view: View
    at: datetime
    problem: str
    draft: Draft
    side: Side
    strips: list[Strip]
    ordered: bool
    pairs: list[Pair]
    others: list[Pair]
    standings: Sequence[RuleStanding]
    rule_changes: Sequence[RuleDifference]
    notices: list[Notice]
    themes: list[Theme]
    context: list[Item]
    chosen: Cell | None
    own_last_change: int | None
    changes_here: frozenset[int]

    def token(self, rule_id: str | None) -> str:
        """What an edit of the rule must carry, so that nobody's work is overwritten unseen."""
        return rule_token(self.draft, rule_id) if rule_id else "new"

    def last_change(self, rule_id: str) -> Change | None:
        """The draft's last change of the rule."""
        return next((each for each in reversed(self.draft.changes) if each.rule_id == rule_id), None)

    @property
    def shown_standings(self) -> Sequence[RuleStanding]:
        """The rules that get a card: the drafted ones and the first of the others, unless all are asked for."""
        if self.view.cards == "all" or len(self.standings) <= MAX_CARDS:
            return self.standings
        first = {id(each) for each in self.standings[:MAX_CARDS]}
        return [each for each in self.standings if each.change or id(each) in first]

    @property
    def counts(self) -> str:
        """How many rules stand on the surface, by status."""
        number = {name: sum(each.status == name for each in self.standings) for name in ("live", "scheduled")}
        parts = [_("%(n)d live", n=number["live"])]
        if number["scheduled"]:
            parts.append(_("%(n)d scheduled", n=number["scheduled"]))
        return " · ".join(parts)


def gather(
    shop: Shop, state: LiveState, draft: Draft, view: View, *, person: str, problem: str = ""
) -> Scene:
    """The scene of `view`.

    Raises:
        Unavailable: when nothing is published yet.
        Invalid: when the moment cannot be read.
    """
    surface = _shown_surface(draft, view)
    now = shop.clock()
    question = view.question(now, tiles(surface, view.row))
    stage = Stage.LIVE if view.show is Show.LIVE else Stage.DRAFT
    ground = ground_of(shop, state, draft)
    stand = stand_of(ground, view, question, changed=bool(draft.changes))
    standings = standing(shop, state, question, stage, every_row=view.whole, draft=draft)
    return Scene(
        surface=surface,
        surfaces=draft.rules.of(SurfaceSettings),
        view=view,
        at=question.at,
        problem=problem,
        draft=draft,
        side=stand.side,
        strips=stand.strips,
        ordered=stand.ordered,
        pairs=stand.pairs,
        others=list(sample_pairs(ground, view, question)) if stand.pairs else [],
        standings=standings,
        rule_changes=diff_rules(draft.live, draft.rules),
        notices=notices(ground, draft, stand.side.look, view, question, person),
        themes=draft.rules.of(Theme),
        context=[state.catalog.get(ItemId(each)) or Item(ItemId(each), each) for each in question.context],
        chosen=_chosen(stand.side.cells, view.slot),
        own_last_change=_own_last(draft, person),
        changes_here=frozenset(
            each.id for each in draft.changes if concerns(each, surface.slug, draft.rules)
        ),
    )


def surface_of(draft: Draft, slug: str) -> SurfaceSettings:
    """The settings of the surface, in the draft.

    Raises:
        NotFound: when there is no such surface.
    """
    found = draft.rules.surface(slug)
    if found is None:
        raise NotFound("surface", _("There is no surface “%(slug)s”.", slug=slug))
    return found


def _shown_surface(draft: Draft, view: View) -> SurfaceSettings:
    """The settings that the page shows: the live ones beside what is live, where they have the row asked for."""
    live = draft.live.surface(view.surface) if view.show is Show.LIVE else None
    return live if live is not None and live.row(view.row) is not None else surface_of(draft, view.surface)


def tiles(surface: SurfaceSettings, row: str) -> int:
    """How many tiles the row shows."""
    settings = surface.row(row)
    if settings is None:
        raise Invalid("row", f"the surface “{surface.title}” has no row “{row}”")
    return min(settings.size, MAX_TILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What stands on the page: the grid of one row, or of `main` beside the strips of all rows."""

    side: Side
    strips: list[Strip] = field(default_factory=list)
    ordered: bool = False
    pairs: list[Pair] = field(default_factory=list)


def stand_of(ground: Ground, view: View, question: Question, *, changed: bool) -> Stand:
    """What the shopper of the view sees, marked with what the draft moves where that is looked at."""
    live_only = view.show is Show.LIVE
    release = ground.live if live_only else ground.draft
    if view.whole:
        return _whole(ground, view, question, release, changed=changed and not live_only)
    if live_only or not changed:
        return Stand(side=side_of(row_look(ground, question, release), ground.state))
    pair = row_pair(ground, question, view.shopper)
    return Stand(side=pair.after, pairs=[pair] if view.show is Show.DIFFERENCE else [])


def _whole(
    ground: Ground, view: View, question: Question, release: CompiledRelease, *, changed: bool
) -> Stand:
    page = page_look(ground.shop, ground.state, question, release)
    live = page_look(ground.shop, ground.state, question, ground.live) if changed else page
    pairs = page_pairs(live, page, ground.state, view.shopper)
    strips = [
        Strip(settings=row.settings, title=row.title, side=pair.after, shown=row.shown)
        for row, pair in zip(page.rows, pairs[: len(page.rows)], strict=True)
    ]
    side = next(each.side for each in strips if each.settings.name == MAIN)
    return Stand(
        side=side,
        strips=strips,
        ordered=page.ordered,
        pairs=differing(pairs) if changed and view.show is Show.DIFFERENCE else [],
    )


def _chosen(found: list[Cell], slot: int | None) -> Cell | None:
    return next((cell for cell in found if cell.placed.position == slot), found[0] if found else None)


def _own_last(draft: Draft, person: str) -> int | None:
    return max((change.id for change in draft.changes if change.author == person), default=None)
