"""What a shopper does: add, take out, buy, turn away, take back, and be somebody else."""

from __future__ import annotations

import hashlib

from flask import Blueprint, abort, flash, redirect, request, session, url_for
from werkzeug.wrappers import Response

from recsys.client import Event
from recsys.demo.storefront import visitor
from recsys.demo.storefront.carts import Line
from recsys.demo.storefront.seen import NOWHERE, Hint, did
from recsys.demo.storefront.shop import me, shelves, shop
from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId

NOT_KEPT = "That could not be saved just now, so nothing was changed. Please try again in a moment."

bp = Blueprint("deeds", __name__)


@bp.post("/cart/add")
def add() -> Response:
    """Put an item into the cart."""
    item, hint = _item(), Hint.of(request.form)
    if not item.in_stock():
        flash(f"{item.title} is not available at the moment.")
        return _back()
    told = shelves().tell(did("add_to_cart", item.item_id, hint))
    kept = hint if told else NOWHERE
    if not told:
        shelves().tell(did("add_to_cart", item.item_id))
    shop().carts.add(me().key, item.item_id, kept.recommendation_id, kept.position)
    flash(f"{item.title} is in your cart.")
    return redirect(url_for("pages.cart"), 303)


@bp.post("/cart/remove")
def remove() -> Response:
    """Take an item out of the cart."""
    shop().carts.remove(me().key, _item().item_id)
    return redirect(url_for("pages.cart"), 303)


@bp.post("/cart/buy")
def buy() -> Response:
    """Buy what is in the cart; without a word from the endpoint the cart stays as it is."""
    lines, order = shop().carts.lines(me().key), request.form.get("order", "")
    if lines and not shelves().tell(*(_purchase(line, order) for line in lines)):
        flash("Your order could not be taken just now. Your cart is as it was; please try again in a moment.")
    elif lines:
        shop().carts.empty(me().key)
        flash(
            "Thank you for your order. This is a demonstration: nothing is sent, and nothing is to be paid."
        )
    return redirect(url_for("pages.cart"), 303)


@bp.post("/dislike")
def dislike() -> Response:
    """Never show an item again."""
    item = _item()
    hint = Hint.of(request.form)
    # Where it was found is told as well if that is known: what it was found by may be a link of long ago.
    if shelves().tell(did("dislike", item.item_id, hint)) or shelves().tell(did("dislike", item.item_id)):
        session["undo"] = item.item_id
        flash(f"You will not be shown {item.title} again.", "undo")
    else:
        flash(NOT_KEPT)
    return _back()


@bp.post("/undo")
def undo() -> Response:
    """Take a “not for me” back."""
    item = _item()
    if shelves().tell(did("undislike", item.item_id)):
        flash(f"{item.title} may be shown again.")
    else:
        flash(NOT_KEPT)
    return _back()


@bp.post("/shopper")
def become() -> Response:
    """Shop as one of the sample shoppers, or as somebody never seen."""
    chosen = request.form.get("shopper", "")
    if chosen != visitor.FIRST_TIME and chosen not in shop().sample_users:
        abort(400)
    visitor.become(chosen)
    return redirect(url_for("pages.home"), 303)


@bp.post("/personal")
def personal() -> Response:
    """Switch personal suggestions on or off."""
    session["personal"] = request.form.get("personal") == "on"
    return _back()


def _purchase(line: Line, order: str) -> Event:
    """The event of one line; its id is made of the order's, so that pressing twice buys once."""
    item = shop().goods.by_id.get(ItemId(line.item_id))
    named = f"{me().key} {order[:64]} {line.item_id}"
    return Event(
        event_id=hashlib.blake2b(named.encode(), digest_size=16).hexdigest(),
        type="purchase",
        item_id=line.item_id,
        recommendation_id=line.recommendation_id,
        position=line.position,
        quantity=line.quantity,
        value=None if item is None or item.price is None else round(item.price * line.quantity, 2),
        user_id=me().user_id,
        session_id=me().asserted_session,
    )


def _item() -> Item:
    item = shop().goods.by_id.get(ItemId(request.form.get("item_id", "")))
    if item is None:
        abort(404)
    return item


def _back() -> Response:
    """To the page that the form stood on; only to one of our own."""
    page = request.form.get("back", "/")
    own = page.startswith("/") and not page.startswith(("//", "/\\")) and page.isprintable()
    return redirect(page if own else "/", 303)
