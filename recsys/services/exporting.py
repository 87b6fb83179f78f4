"""Every shopper's slate in one file, for those who do not call the endpoint: newsletters, apps, partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from recsys.data.shopper_lists import read_shoppers, shoppers_of
from recsys.data.slate_files import SLATES, Format, slate_file
from recsys.domain.errors import Invalid, Unavailable
from recsys.domain.ids import UserId
from recsys.domain.requests import Request
from recsys.domain.rules import MAIN
from recsys.domain.slates import Placed
from recsys.models.progress import Progress, Silent
from recsys.services.sharing import shared_interactions
from recsys.services.shop import Shop
from recsys.slates.answer import Answer, Asker
from recsys.slates.refresh import LiveHolder
from recsys.slates.state import CompiledRelease, LiveState
from recsys.storage.shoppers import USER

_AT_ONCE = 1_000
"""Shoppers between two looks for takedowns and dislikes, and in one piece of the file."""
_SCORE_DIGITS = 6
"""As the endpoint gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What to write.

    Attributes:
        market: instead of each shopper's home market.
        segments: only shoppers who were imported into one of these; all when empty.
        users: a file whose column `user_id` names the shopper; all whom the shop knows when None.

    """

    surface: str
    row: str = MAIN
    limit: int = 20
    market: str | None = None
    segments: tuple[str, ...] = ()
    users: Path | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: shoppers asked for, those without any item among them, rows, and the release they are of."""

    shoppers: int
    empty: int
    rows: int
    release: int


def export_slates(
    shop: Shop, export: Export, output: Path, kind: Format, *, progress: Progress | None = None
) -> Exported:
    """Write each shopper's slate as the endpoint would answer now, shoppers by id; the file whole or not at all.

    One release and one moment hold for the whole file. Takedowns, the catalog, dislikes and purchases are looked for
    again every thousand shoppers, so that none of them goes out long after it was told.

    Raises:
        NotFound: when the surface or row does not exist.
        Invalid: for a market or segment that nobody knows, for a file of shoppers that cannot be used, and when there
            is no shopper to write.
        Unavailable: before the first release, while the live state cannot be loaded, or when the disk is full.
    """
    watch, holder = progress or Silent(), LiveHolder(shop.database, shop.settings, clock=shop.clock)
    state, release = _live(holder)
    _check_market(export.market, state, release)
    shoppers = _shoppers(shop, state, export)
    asker, at = Asker(shop.settings.identity_key), shop.clock()
    # Before the file is begun: what is wrong with the question is wrong for every shopper.
    asker.answer(state, _request(export, shoppers[0], at), release)
    watch.step("Writing slates", len(shoppers))
    rows = empty = 0
    with slate_file(output, kind) as writer:
        for start in range(0, len(shoppers), _AT_ONCE):
            some = shoppers[start : start + _AT_ONCE]
            state = holder.catch_up() if start else state
            answers = [asker.answer(state, _request(export, each, at), release) for each in some]
            piece = _columns(answers, release)
            writer.write(piece)
            rows += len(piece["user_id"])
            empty += sum(not each.slate.items for each in answers)
            watch.advance(len(some))
    return Exported(len(shoppers), empty, rows, release.number)


def _live(holder: LiveHolder) -> tuple[LiveState, CompiledRelease]:
    """The whole live state, or `Unavailable`: half of one would let out what is taken down."""
    state = holder.whole()
    if state.release is None:
        raise Unavailable("Nothing is published yet: accept a first run, or run “recsys demo”.")
    return state, state.release


def _check_market(market: str | None, state: LiveState, release: CompiledRelease) -> None:
    sold = () if release.snapshot is None else release.snapshot.markets
    if market is not None and market not in sold and market not in state.catalog.markets:
        raise Invalid("market", f"no sale and no item names “{market}”; check how it is written")


def _shoppers(shop: Shop, state: LiveState, export: Export) -> list[str]:
    """Whom to write, by id."""
    members = state.overlays.segments
    if export.users is not None:
        chosen = set(read_shoppers(export.users))
    else:
        told = (shopper for kind, shopper in state.overlays.shoppers if kind == USER)
        chosen = shoppers_of(shared_interactions(shop.settings)).union(members, told)
    if export.segments:
        known = frozenset().union(*members.values())
        if unknown := [each for each in export.segments if each not in known]:
            raise Invalid("segment", f"nobody is in “{unknown[0]}”; import it, or check how it is written")
        wanted = frozenset(export.segments)
        chosen = {each for each in chosen if not wanted.isdisjoint(members.get(each, ()))}
    if not chosen:
        raise Invalid(
            "users", "there is nobody to write slates for; import interactions, or name other shoppers"
        )
    return sorted(chosen)


def _request(export: Export, user: str, at: datetime) -> Request:
    return Request(
        at=at,
        surface=export.surface,
        row=export.row,
        user=UserId(user),
        market=export.market,
        limit=export.limit,
    )


def _columns(answers: Sequence[Answer], release: CompiledRelease) -> dict[str, list[Any]]:
    """The rows of some answers, a list a column of `SLATES`."""
    rows = [
        (*_item(placed), *about)
        for answer in answers
        for about in (_about(answer, release),)
        for placed in answer.slate.items
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(SLATES)
    names = (*_ITEM, *_ABOUT)
    return dict(zip(names, map(list, columns), strict=True))


_ITEM = ("position", "item_id", "source", "rule_id", "score", "model_rank", "theme", "displaced", "reason")
_ABOUT = ("user_id", "surface", "row", "market", "personalised", "release_id", "run_id", "at")


def _item(placed: Placed) -> tuple[Any, ...]:
    return (
        placed.position,
        placed.item_id,
        placed.source.value,
        placed.rule_id,
        None if placed.score is None else round(placed.score, _SCORE_DIGITS),
        placed.model_rank,
        placed.theme,
        placed.displaced,
        placed.reason.text,
    )


def _about(answer: Answer, release: CompiledRelease) -> tuple[Any, ...]:
    request = answer.request
    return (
        request.user,
        request.surface,
        request.row,
        request.market,
        answer.slate.personalised,
        release.number,
        release.run_id,
        request.at,
    )
