"""A laid slate as JSON, put together from texts of items that are made once a catalog.

Encoding 20 items with their reasons field by field costs more than merging them. What an item says of itself
(its id, its title, the chosen fields) is the same in every answer, so it is encoded once; only numbers are
written anew, with six digits. `answers.placed_items` says the same field by field, and tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from recsys.domain.catalog import Item
from recsys.domain.reasons import fallback_words, pin_reason, words_for
from recsys.serving.item_fields import chosen_fields
from recsys.slates.columns import Columns
from recsys.slates.lean import Laid
from recsys.slates.plan import Held
from recsys.slates.proposals import Fallback, Proposals, Tier

_MOST_FIELD_SETS = 32


def as_json(value: object) -> str:
    """Any value as JSON text."""
    return msgspec.json.encode(value).decode()


quoted = lru_cache(maxsize=4096)(as_json)
"""The same for short texts that come again and again: names of surfaces, ids of rules. Not for ids of shoppers."""


class _Texts(dict[int, str]):
    """A text for each item number, made when it is first asked for."""

    def __init__(self, items: Sequence[Item], make: Callable[[Item], str]) -> None:
        super().__init__()
        self._items = items
        self._make = make

    def __missing__(self, number: int) -> str:
        text = self[number] = self._make(self._items[number])
        return text


class ItemTexts:
    """The texts of one catalog revision.

    `heads` begin an item of an answer, `behind` an item behind a reason, `titles` stand inside a text, `ids` are
    values. `fields` close an item with its chosen fields.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        items = columns.items
        self.heads = _Texts(items, lambda item: f'{{"item_id":{as_json(item.item_id)},"position":')
        self.behind = _Texts(
            items, lambda item: f'{{"item_id":{as_json(item.item_id)},"title":{as_json(item.title)},"share":'
        )
        self.titles = _Texts(items, lambda item: as_json(item.title)[1:-1])
        self.ids = _Texts(items, lambda item: as_json(item.item_id))
        self._fields: dict[tuple[str, ...], _Texts] = {}

    def fields(self, names: tuple[str, ...]) -> _Texts:
        """What closes an item that is to carry the named fields."""
        found = self._fields.get(names)
        if found is None:
            found = _Texts(self.columns.items, lambda item: closing_of(item, names))
            # The order of names is the caller's, so there are many sets; the usual ones come first.
            if len(self._fields) < _MOST_FIELD_SETS:
                self._fields[names] = found
        return found


class TextsByCatalog:
    """The texts of the catalog last asked for; an earlier revision's are given up."""

    def __init__(self) -> None:
        self._latest: ItemTexts | None = None

    def of(self, columns: Columns) -> ItemTexts:
        """The texts of a catalog's columns."""
        latest = self._latest
        if latest is None or latest.columns is not columns:
            latest = self._latest = ItemTexts(columns)
        return latest


def items_as_json(
    laid: Laid, texts: ItemTexts, market: str | None, fields: tuple[str, ...], *, tells_because: bool
) -> str:
    """The items of an answer, without the brackets around them."""
    page = _Page(laid, texts, texts.fields(fields), market, tells_because)
    written: list[str] = []
    begun: Tier | None = None
    write: Write | None = None
    for position, each in enumerate(laid.page, laid.start):
        if isinstance(each, Held):
            written.append(_held(page, position, each))
            continue
        number, place, tier = each
        if write is None or tier is not begun:
            begun, write = (
                tier,
                _fallback(page, tier) if isinstance(tier, Fallback) else _proposed(page, tier),
            )
        written.append(write(position, number, place))
    return ",".join(written)


class _Page(NamedTuple):
    """One page on its way to text."""

    laid: Laid
    texts: ItemTexts
    closing: Mapping[int, str]
    market: str | None
    tells_because: bool


Write = Callable[[int, int, int], str]
"""Writes one item of a tier: its position, its number, its place in the tier."""


def closing_of(item: Item, names: tuple[str, ...]) -> str:
    """The end of an item: its chosen fields and the bracket."""
    return f",{as_json(chosen_fields(item, names))[1:]}" if names else "}"


def _held(page: _Page, position: int, held: Held) -> str:
    laid, texts, theme = page.laid, page.texts, held.theme
    displaced = laid.displaced(position - laid.start, held)
    return (
        f'{texts.heads[held.number]}{position},"source":"{"pin" if theme is None else "theme"}",'
        f'"rule_id":{quoted(held.pin.id)},"score":null,"model_rank":null,'
        f'"theme":{"null" if theme is None else quoted(theme.slug)},'
        f'"displaced":{"null" if displaced is None else texts.ids[displaced]},'
        f'"reason":{{"text":{quoted(pin_reason(theme, page.market).text)},"because":[]}}{page.closing[held.number]}'
    )


def _fallback(page: _Page, tier: Fallback) -> Write:
    words, heads, closing = quoted(fallback_words(tier.name, page.market)), page.texts.heads, page.closing

    def write(position: int, number: int, _place: int) -> str:
        return (
            f'{heads[number]}{position},"source":"fallback","rule_id":null,"score":null,"model_rank":null,'
            f'"theme":null,"displaced":null,"reason":{{"text":{words},"because":[]}}{closing[number]}'
        )

    return write


def _proposed(page: _Page, tier: Proposals) -> Write:
    heads, titles, persons, closing = page.texts.heads, page.texts.titles, page.texts.behind, page.closing
    number_of, first, first_rank = page.laid.shelf.number_of, tier.first, tier.first_rank
    scores, behind, shares = tier.lists.scores, tier.lists.because, tier.lists.shares
    said = words_for(tier.kinds[0]) if len(tier.kinds) == 1 else None
    tells_because = page.tells_because

    def write(position: int, number: int, place: int) -> str:
        named, unnamed = said or words_for(tier.kind(place))
        at = first + place
        pair = at + at
        one, two = number_of(behind[pair]), number_of(behind[pair + 1])
        # Two items behind a candidate are the rule, so they are written in one go.
        if one >= 0 and two >= 0:
            words = f"{named}{titles[one]} and {titles[two]}" if named else unnamed
            because = f"{persons[one]}{shares[pair]:.6f}}},{persons[two]}{shares[pair + 1]:.6f}}}"
        elif one >= 0 or two >= 0:
            only, share = (one, shares[pair]) if one >= 0 else (two, shares[pair + 1])
            words = f"{named}{titles[only]}" if named and titles[only] else unnamed
            because = f"{persons[only]}{share:.6f}}}"
        else:
            words, because = unnamed, ""
        return (
            f'{heads[number]}{position},"source":"model","rule_id":null,"score":{scores[at]:.6f},'
            f'"model_rank":{first_rank + place},"theme":null,"displaced":null,"reason":{{"text":"{words}",'
            f'"because":[{because if tells_because else ""}]}}{closing[number]}'
        )

    return write
