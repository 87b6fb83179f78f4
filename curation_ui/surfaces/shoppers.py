"""The shoppers that the page offers to look as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation_ui.i18n import gettext as _
from recsys.services.samples import SampleShopper

FEW, MANY = 10, 60


@dataclass(frozen=True, slots=True)
class Group:
    """Sample shoppers of one kind."""

    title: str
    shoppers: list[SampleShopper]


def grouped(shoppers: Sequence[SampleShopper]) -> list[Group]:
    """The shoppers by how much they have bought; kinds without anyone are left out."""
    kinds = [
        Group(_("Bought much"), [each for each in shoppers if each.bought >= MANY]),
        Group(_("Bought some"), [each for each in shoppers if FEW <= each.bought < MANY]),
        Group(_("Bought little"), [each for each in shoppers if each.bought < FEW]),
    ]
    return [kind for kind in kinds if kind.shoppers]
