"""A laid slate in the words of the domain: ids, reasons, provenance."""

from __future__ import annotations

from collections.abc import Iterator

from recsys.domain.reasons import fallback_words, model_words, pin_reason, titles_of
from recsys.domain.slates import Because, Placed, Reason, Slate, Source
from recsys.slates.lean import Laid, Stand
from recsys.slates.plan import Held
from recsys.slates.proposals import Proposals
from recsys.slates.shelf import Shelf


def slate_of(laid: Laid, market: str | None) -> Slate:
    """The slate; `market` is the request's."""
    return Slate(tuple(_placed(laid, market)), laid.personalised, laid.more, laid.pins_from)


def _placed(laid: Laid, market: str | None) -> Iterator[Placed]:
    for place, each in enumerate(laid.page):
        if isinstance(each, Held):
            yield _held(laid, place, each, market)
        else:
            yield _standing(laid.shelf, laid.start + place, each, market)


def _held(laid: Laid, place: int, held: Held, market: str | None) -> Placed:
    ids = laid.shelf.columns.ids
    displaced = laid.displaced(place, held)
    return Placed(
        item_id=ids[held.number],
        position=laid.start + place,
        source=Source.PIN if held.theme is None else Source.THEME,
        reason=pin_reason(held.theme, market),
        rule_id=held.pin.id,
        theme=None if held.theme is None else held.theme.slug,
        displaced=None if displaced is None else ids[displaced],
    )


def _standing(shelf: Shelf, position: int, stand: Stand, market: str | None) -> Placed:
    number, place, tier = stand
    item_id = shelf.columns.ids[number]
    if not isinstance(tier, Proposals):
        reason = Reason(fallback_words(tier.name, market))
        return Placed(item_id=item_id, position=position, source=Source.FALLBACK, reason=reason)
    because = tuple(_because(shelf, tier, place))
    words = model_words(tier.kind(place), titles_of(each.title for each in because))
    return Placed(
        item_id=item_id,
        position=position,
        source=Source.MODEL,
        reason=Reason(words, because),
        score=tier.score(place),
        model_rank=tier.rank(place),
    )


def _because(shelf: Shelf, tier: Proposals, place: int) -> Iterator[Because]:
    at, lists = 2 * (tier.first + place), tier.lists
    for behind, share in zip(lists.because[at : at + 2], lists.shares[at : at + 2], strict=True):
        number = shelf.number_of(behind)
        if number >= 0:
            item = shelf.columns.items[number]
            yield Because(item.item_id, item.title, share)
