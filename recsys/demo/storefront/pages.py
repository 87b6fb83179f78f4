"""The pages that a shopper opens."""

from __future__ import annotations

import uuid
from pathlib import Path

from flask import Blueprint, abort, render_template, request, send_from_directory
from werkzeug.wrappers import Response

import curation_ui
from recsys.demo.storefront.seen import Hint, did, tell_impressions
from recsys.demo.storefront.shelves import Shelf
from recsys.demo.storefront.shop import me, shelves, shop
from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId

_DESK = Path(curation_ui.__file__).parent / "static" / "css"
_SHARED = ("tokens.css", "base.css")

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> str:
    """The rows of the home page."""
    rows = shelves().page("home")
    tell_impressions(rows)
    return _page("home.html", rows=rows, followed=shelves().personalised)


@bp.get("/items/<path:item_id>")
def product(item_id: str) -> str:
    """One item, with what goes with it."""
    item = _known(item_id)
    hint = Hint.of(request.args)
    events = [did("view", item_id)]
    if hint.recommendation_id:
        events.append(did("click", item_id, hint))
    shelves().tell(*events)
    rows = shelves().page("product", [item_id])
    similar = shelves().similar(item_id, rows)
    shown = [*rows, similar] if similar else rows
    tell_impressions(shown)
    return _page("product.html", item=item, hint=hint, rows=shown)


@bp.get("/cart")
def cart() -> str:
    """What is in the cart, and what goes with it."""
    lines = [
        (line, shop().goods.by_id[ItemId(line.item_id)])
        for line in shop().carts.lines(me().key)
        if line.item_id in shop().goods.by_id
    ]
    total = sum(line.quantity * (item.price or 0) for line, item in lines)
    rows = shelves().page("cart", [item.item_id for _, item in lines][:50])
    tell_impressions(rows)
    return _page("cart.html", lines=lines, total=total, rows=rows, order=uuid.uuid4().hex)


@bp.get("/themes/<slug>")
def theme(slug: str) -> str:
    """One collection."""
    found = shelves().theme(slug)
    if found is None and not shelves().away:
        abort(404)
    rows = [Shelf("theme", "theme", found.title, found.items, found.recommendation_id)] if found else []
    tell_impressions(rows)
    return _page("theme.html", found=found, rows=rows)


@bp.get("/family/<name>")
def family(name: str) -> Response:
    """The colours, type and elements that the shop front shares with the desk."""
    if name not in _SHARED:
        abort(404)
    return send_from_directory(_DESK, name)


@bp.get("/alive")
def alive() -> str:
    """Whether the shop front answers."""
    return "ok"


def _known(item_id: str) -> Item:
    item = shop().goods.by_id.get(ItemId(item_id))
    if item is None:
        abort(404)
    return item


def _page(template: str, **shown: object) -> str:
    themes = shelves().themes()
    return render_template(template, themes=themes, away=shelves().away, **shown)
