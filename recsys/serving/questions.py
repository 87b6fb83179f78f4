"""From parameters to one question for the merge, under the release that it is asked of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.serving.cursor import Cursor, decode_cursor, gone
from recsys.serving.parameters import Asked
from recsys.serving.problems import FieldError, Problem, bad_field, unavailable
from recsys.serving.query import shortened
from recsys.slates.answer import Known
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.state import CompiledRelease, LiveState

_IDS_IN_A_NOTE = 10
NOTHING: frozenset[Any] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `cursor` is the page before's, None on the first page.

    The request carries the market and the segments that count.
    """

    release: CompiledRelease
    request: Request
    cursor: Cursor | None
    known: Known

    @property
    def known_shopper(self) -> bool:
        """Whether the shopper was seen in training."""
        return self.known.row is not None


def release_of(asked: Asked, state: LiveState, cursor_key: bytes) -> tuple[CompiledRelease, Cursor | None]:
    """The release that is asked: the live one, or the one that the cursor points into.

    Raises `Problem`: 503 before the first release, 400 and 410 for a cursor, 404 for a surface or row.
    """
    if state.release is None:
        raise unavailable("Nothing published yet; accept a run and publish, then ask again.")
    cursor = None if asked.cursor is None else decode_cursor(asked.cursor, asked, cursor_key)
    release = state.release if cursor is None else _held(cursor, state)
    _check_place(asked, release)
    return release, cursor


def question_of(
    asked: Asked,
    state: LiveState,
    now: datetime,
    release: CompiledRelease,
    cursor: Cursor | None,
    known: Known,
) -> Question:
    """The question behind `asked`; its time is the cursor's, else the one asked for, else `now` (UTC)."""
    at = cursor.at if cursor is not None else asked.at or now
    market = known.market if asked.market is None else asked.market
    segments = state.overlays.segments_of(asked.user_id)
    if asked.segment:
        segments = segments.union(asked.segment)
    request = _request(asked, cursor, state.catalog, at, market, segments)
    return Question(release, request, cursor, known)


def notes_on(asked: Asked, state: LiveState, release: CompiledRelease) -> list[FieldError]:
    """What was asked for and is not known here: no error, but worth telling."""
    notes = [
        FieldError(field, f"not in the catalog: {_named(unknown)}")
        for field, ids in (
            ("exclude", asked.exclude),
            ("context_item", asked.context_item),
            ("items", asked.items),
        )
        if ids and (unknown := [each for each in ids if state.catalog.get(each) is None])
    ]
    if asked.market is not None and not _is_market(asked.market, state, release):
        message = f"no sale and no item names “{asked.market}”; only what is sold everywhere is shown"
        notes.append(FieldError("market", message))
    return notes


def no_surface(surface: str) -> Problem:
    """404 for a surface that the release does not have."""
    return bad_field("surface", f"there is no surface “{shortened(surface)}”", HTTPStatus.NOT_FOUND)


def _held(cursor: Cursor, state: LiveState) -> CompiledRelease:
    release = state.held.get(cursor.release)
    if release is None:
        raise gone(cursor)
    return release


def _check_place(asked: Asked, release: CompiledRelease) -> None:
    if asked.surface is None:
        return
    surface = release.rules.surface(asked.surface)
    if surface is None:
        raise no_surface(asked.surface)
    if surface.row(asked.row) is None:
        message = f"the surface “{asked.surface}” has no row “{asked.row}”"
        raise bad_field("row", message, HTTPStatus.NOT_FOUND)


def _request(
    asked: Asked,
    cursor: Cursor | None,
    catalog: CompiledCatalog,
    at: datetime,
    market: str | None,
    segments: frozenset[str],
) -> Request:
    return Request(
        at=at,
        surface=asked.surface,
        row=asked.row,
        user=asked.user_id,
        session=asked.session_id,
        market=market,
        segments=segments,
        context=asked.context_item,
        exclude=frozenset(asked.exclude) if asked.exclude else NOTHING,
        tags=frozenset(asked.tag) if asked.tag else NOTHING,
        price_min=asked.price_min,
        price_max=asked.price_max,
        items=tuple([each for each in asked.items if catalog.get(each) is not None]) if asked.items else (),
        personalised=asked.personalised,
        rules=asked.rules,
        limit=asked.limit,
        start=1 if cursor is None else cursor.start,
        shown=NOTHING if cursor is None else _items(catalog, cursor.shown),
        shown_pinned=NOTHING if cursor is None else _items(catalog, cursor.pinned),
        pins_from=0 if cursor is None else cursor.pins_from,
    )


def _items(catalog: CompiledCatalog, seqs: Iterable[int]) -> frozenset[ItemId]:
    found = (catalog.item_by_seq(seq) for seq in seqs)
    return frozenset(item_id for item_id in found if item_id is not None)


def _is_market(market: str, state: LiveState, release: CompiledRelease) -> bool:
    sold = () if release.snapshot is None else release.snapshot.markets
    return market in sold or market in state.catalog.markets


def _named(ids: list[ItemId]) -> str:
    more = len(ids) - _IDS_IN_A_NOTE
    return ", ".join(ids[:_IDS_IN_A_NOTE]) + (f" and {more} more" if more > 0 else "")
