"""Shoppers worth looking at: known to the live run, well stocked, and each with a slate of their own."""

from __future__ import annotations

from itertools import islice

from recsys.domain.rules import Theme
from recsys.domain.slates import Source
from recsys.services.preview import Question, Stage, look, look_at_page
from recsys.services.samples import SampleShopper, sample_shoppers
from recsys.services.shop import Shop
from recsys.slates.state import LiveState

ENOUGH_CANDIDATES = 40
ENOUGH_ROWS = 5
SLATE = 20
WANTED = 24


def pick_sample_users(shop: Shop, state: LiveState) -> list[str]:
    """Up to `WANTED` ids with enough eligible candidates and rows, a pin on their first slate, and different slates.

    Those whose market has no words of its own come first: the shop front's own words are English.
    """
    seen: set[tuple[str, ...]] = set()
    found: list[SampleShopper] = []
    for sample in sample_shoppers(shop, state):
        question = Question(surface="home", at=shop.clock(), user=sample.user_id, limit=100)
        placed = look(shop, state, question, Stage.LIVE).slate.items
        first = tuple(each.item_id for each in islice(placed, SLATE))
        pinned = any(each.source is Source.PIN for each in placed[:SLATE])
        enough = sum(each.source is Source.MODEL for each in placed) >= ENOUGH_CANDIDATES
        rows = len(look_at_page(shop, state, question, Stage.LIVE).rows)
        if pinned and enough and rows >= ENOUGH_ROWS and first not in seen:
            seen.add(first)
            found.append(sample)
    themes = [] if state.release is None else state.release.rules.of(Theme)
    own_words = {market for theme in themes for market in theme.titles}
    return [each.user_id for each in sorted(found[:WANTED], key=lambda each: each.market in own_words)]
