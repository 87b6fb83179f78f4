"""What stands on the surface, live and drafted, side by side: a row, or every row of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from curation_ui.surfaces.grid import Cell, cells, gone
from curation_ui.surfaces.ground import Ground
from curation_ui.surfaces.view import View
from recsys.domain.catalog import Item
from recsys.domain.diff import diff_slates
from recsys.domain.errors import NotFound
from recsys.domain.rows import RowSettings
from recsys.domain.rules import MAIN
from recsys.services.page_preview import NOTHING, PageLook, RowLook, page_look
from recsys.services.preview import Look, Question, look_under
from recsys.services.samples import sample_shoppers
from recsys.slates.state import CompiledRelease, LiveState

SAMPLES = 3
BRIEF = 10
"""Slots shown of a sample shopper's row: about what a screen shows of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One grid: a look, its tiles, and what left it."""

    look: Look
    cells: list[Cell]
    left: list[tuple[Item, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A shopper's slate before and after the draft.

    Of a row of the page where it has a `row`, which is its settings; `title` is what that shopper's page calls it.
    """

    row: RowSettings | None = None
    title: str = ""
    shopper: str
    market: str | None
    before: Side
    after: Side
    moved: int

    @property
    def brief(self) -> int:
        """How many slots say what happens: the first few, or all where nothing happens in these."""
        early = any(each.was is not None for each in self.after.cells[:BRIEF])
        early = early or any(slot <= BRIEF for _item, slot in self.after.left)
        return BRIEF if early else max(len(self.before.cells), len(self.after.cells))


def side_of(seen: Look, state: LiveState) -> Side:
    """The tiles of a look, with no mark on any."""
    return Side(look=seen, cells=cells(seen, state.release), left=[])


def row_look(ground: Ground, question: Question, release: CompiledRelease) -> Look:
    """The question's row under a release; empty where that has no such row."""
    try:
        return look_under(ground.shop, ground.state, question, release)
    except NotFound:
        main = look_under(ground.shop, ground.state, replace(question, row=MAIN), release)
        return replace(main, slate=NOTHING)


def row_pair(ground: Ground, question: Question, shopper: str) -> Pair:
    """The question's row before and after the draft."""
    before, after = (row_look(ground, question, each) for each in (ground.live, ground.draft))
    return slate_pair(before, after, ground.state, shopper)


def page_pairs(before: PageLook, after: PageLook, state: LiveState, shopper: str) -> list[Pair]:
    """Every row of a page before and after the draft: as they stand on it now, then those that the draft takes off."""
    pairs = [_row_pair(before.row(each.settings.name), each, state, shopper) for each in after.rows]
    removed = [each for each in before.rows if after.row(each.settings.name) is None]
    return pairs + [_row_pair(each, None, state, shopper) for each in removed]


def sample_pairs(ground: Ground, view: View, question: Question) -> Iterator[Pair]:
    """The same for a few shoppers whom the live run names, other than the one looked at; of pages, what differs.

    A shopper for whom no row of the page differs has one pair, without a row.
    """
    others = [each for each in sample_shoppers(ground.shop, ground.state) if each.user_id != view.shopper]
    for each in others[:SAMPLES]:
        asked = replace(question, user=each.user_id, market=None, segments=())
        if not view.whole:
            yield row_pair(ground, asked, each.user_id)
            continue
        before, after = (
            page_look(ground.shop, ground.state, asked, release) for release in (ground.live, ground.draft)
        )
        yield from differing(page_pairs(before, after, ground.state, each.user_id))


def differing(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that differ; where none does the first, of no row, to say that nothing changes."""
    found = [each for each in pairs if each.moved]
    return found or [replace(each, row=None, title="") for each in pairs[:1]]


def _row_pair(before: RowLook | None, after: RowLook | None, state: LiveState, shopper: str) -> Pair:
    """A row of the page on both sides, of which one may not have it."""
    row = after or before
    if row is None:
        raise ValueError("a pair is of a row that at least one side has")
    nothing = replace(row.look, slate=NOTHING)
    pair = slate_pair(before.look if before else nothing, after.look if after else nothing, state, shopper)
    return replace(pair, row=row.settings, title=row.title)


def slate_pair(before: Look, after: Look, state: LiveState, shopper: str) -> Pair:
    """Two looks side by side, the later one marked with what moved."""
    moves = diff_slates(before.slate.items, after.slate.items)
    return Pair(
        shopper=shopper,
        market=after.market,
        before=side_of(before, state),
        after=Side(look=after, cells=cells(after, state.release, moves), left=gone(before, moves)),
        moved=len(moves),
    )
