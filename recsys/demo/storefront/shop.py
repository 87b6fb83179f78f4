"""What every request of the shop front needs."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g

from recsys.client import Client
from recsys.demo.storefront.carts import Carts
from recsys.demo.storefront.goods import Goods
from recsys.demo.storefront.shelves import Shelves
from recsys.demo.storefront.visitor import Visitor, visitor

EXTENSION = "storefront"


@dataclass(frozen=True, slots=True)
class Storefront:
    """The client that asks, the shop's own goods and carts, and whom one may shop as."""

    client: Client
    carts: Carts
    goods: Goods
    sample_users: list[str]
    name: str


def shop() -> Storefront:
    """The shop front of the application that answers."""
    made: Storefront = current_app.extensions[EXTENSION]
    return made


def me() -> Visitor:
    """Who is shopping."""
    if "visitor" not in g:
        g.visitor = visitor(shop().sample_users)
    made: Visitor = g.visitor
    return made


def shelves() -> Shelves:
    """What is asked of the endpoint in this request."""
    if "shelves" not in g:
        g.shelves = Shelves(shop().client, me())
    made: Shelves = g.shelves
    return made
