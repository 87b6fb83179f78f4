"""The shoppers that the page offers to look as."""

from __future__ import annotations

from dataclasses import dataclass

from curation_ui.i18n import gettext as _
from recsys.services.samples import SampleShopper, sample_shoppers
from recsys.services.shop import Shop
from recsys.slates.state import LiveState

FEW, MANY = 10, 60


@dataclass(frozen=True, slots=True)
class Group:
    """Sample shoppers of one kind."""

    title: str
    shoppers: list[SampleShopper]


def sample_groups(shop: Shop, state: LiveState) -> list[Group]:
    """The sample shoppers by how much they have bought; kinds without anyone are left out."""
    return grouped(sample_shoppers(shop, state))


def grouped(shoppers: list[SampleShopper]) -> list[Group]:
    """The same, from the shoppers."""
    kinds = [
        Group(_("Bought much"), [each for each in shoppers if each.bought >= MANY]),
        Group(_("Bought some"), [each for each in shoppers if FEW <= each.bought < MANY]),
        Group(_("Bought little"), [each for each in shoppers if each.bought < FEW]),
    ]
    return [kind for kind in kinds if kind.shoppers]
