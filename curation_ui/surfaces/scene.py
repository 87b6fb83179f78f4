"""Everything that the surface page shows for one view, gathered before a template sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from curation_ui.i18n import gettext as _
from curation_ui.surfaces.grid import Cell, cells, gone
from curation_ui.surfaces.notices import Notice, notices
from curation_ui.surfaces.view import Show, View
from recsys.domain.catalog import Item
from recsys.domain.changes import Change
from recsys.domain.diff import RuleDifference, diff_rules
from recsys.domain.errors import Invalid, NotFound
from recsys.domain.ids import ItemId
from recsys.domain.rules import SurfaceSettings, Theme
from recsys.services.drafting import Draft, rule_token
from recsys.services.preview import Difference, Look, Question, Stage, difference, look
from recsys.services.samples import sample_shoppers
from recsys.services.shop import Shop
from recsys.services.standing import RuleStanding, standing
from recsys.slates.state import LiveState

MAX_TILES = 100
SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One grid: a look, its tiles, and what left it."""

    look: Look
    cells: list[Cell]
    left: list[tuple[Item, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A shopper's slate before and after the draft."""

    shopper: str
    market: str | None
    before: Side
    after: Side
    moved: int


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
    pair: Pair | None
    others: list[Pair]
    standings: Sequence[RuleStanding]
    rule_changes: Sequence[RuleDifference]
    notices: list[Notice]
    themes: list[Theme]
    markets: list[str]
    context: list[Item]
    chosen: Cell | None
    own_last_change: int | None

    def token(self, rule_id: str | None) -> str:
        """What an edit of the rule must carry, so that nobody's work is overwritten unseen."""
        return rule_token(self.draft, rule_id) if rule_id else "new"

    def last_change(self, rule_id: str) -> Change | None:
        """The draft's last change of the rule."""
        return next((each for each in reversed(self.draft.changes) if each.rule_id == rule_id), None)

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
    surface = surface_of(draft, view.surface)
    now = shop.clock()
    question = view.question(now, tiles(surface, view.row))
    side, pair = _sides(shop, state, view, question, changed=bool(draft.changes))
    standings = standing(shop, state, question, Stage.LIVE if view.show is Show.LIVE else Stage.DRAFT)
    return Scene(
        surface=surface,
        surfaces=draft.rules.of(SurfaceSettings),
        view=view,
        at=question.at,
        problem=problem,
        draft=draft,
        side=side,
        pair=pair,
        others=list(_samples(shop, state, view, question)) if pair else [],
        standings=standings,
        rule_changes=diff_rules(draft.live, draft.rules),
        notices=notices(shop, state, draft, side.look, view, question, person),
        themes=draft.rules.of(Theme),
        markets=sorted(state.catalog.markets),
        context=[state.catalog.get(ItemId(each)) or Item(ItemId(each), each) for each in question.context],
        chosen=_chosen(side.cells, view.slot),
        own_last_change=_own_last(draft, person),
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


def tiles(surface: SurfaceSettings, row: str) -> int:
    """How many tiles the row shows."""
    settings = surface.row(row)
    if settings is None:
        raise Invalid("row", f"the surface “{surface.title}” has no row “{row}”")
    return min(settings.size, MAX_TILES)


def _sides(
    shop: Shop, state: LiveState, view: View, question: Question, *, changed: bool
) -> tuple[Side, Pair | None]:
    if view.show is Show.LIVE or not changed:
        seen = look(shop, state, question, Stage.LIVE if view.show is Show.LIVE else Stage.DRAFT)
        side = Side(look=seen, cells=cells(seen), left=[])
        return side, None
    found = difference(shop, state, question)
    pair = _pair(found, view.shopper)
    return pair.after, pair if view.show is Show.DIFFERENCE else None


def _pair(found: Difference, shopper: str) -> Pair:
    return Pair(
        shopper=shopper,
        market=found.after.market,
        before=Side(look=found.before, cells=cells(found.before), left=[]),
        after=Side(
            look=found.after,
            cells=cells(found.after, found.moves),
            left=gone(found.before, found.moves),
        ),
        moved=len(found.moves),
    )


def _samples(shop: Shop, state: LiveState, view: View, question: Question) -> Iterator[Pair]:
    others = [each for each in sample_shoppers(shop, state) if each.user_id != view.shopper]
    for each in others[:SAMPLES]:
        asked = replace(question, user=each.user_id, market=None, segments=(), limit=min(question.limit, 10))
        yield _pair(difference(shop, state, asked), each.user_id)


def _chosen(found: list[Cell], slot: int | None) -> Cell | None:
    return next((cell for cell in found if cell.placed.position == slot), found[0] if found else None)


def _own_last(draft: Draft, person: str) -> int | None:
    return max((change.id for change in draft.changes if change.author == person), default=None)
