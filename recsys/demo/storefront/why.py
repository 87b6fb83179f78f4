"""Why an item is shown, in words that shoppers understand."""

from __future__ import annotations

from recsys.client import Item

_WHO = {
    "pin": "Our editors chose this for everyone who visits this page.",
    "theme": "It belongs to a collection that our editors put together.",
    "model": "It was worked out from what you and other shoppers looked at and bought.",
    "fallback": "It fills the shelf: many other shoppers like it. It is not about you.",
}
_GENERAL = "It was worked out from what all shoppers bought, not from what we know of you."


def why(item: Item, *, personal: bool) -> str:
    """One sentence on who or what put the item there."""
    if item.source == "model" and not personal:
        return _GENERAL
    return _WHO[item.source]


def shares(item: Item) -> list[tuple[str, int]]:
    """The items behind the suggestion, as title and whole percent, largest first."""
    named = sorted(item.reason.because, key=lambda each: -each.share)
    return [(each.title, round(each.share * 100)) for each in named if each.share >= 0.01]
