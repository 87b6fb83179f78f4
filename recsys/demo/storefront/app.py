"""The shop front as a Flask application; Granian loads it as `recsys.demo.storefront.app:create_app`."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, get_flashed_messages, make_response, render_template, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from curation_ui.numbers import price_words
from curation_ui.tiles import drawn_tile
from recsys.client import Client
from recsys.demo.storefront import deeds, pages, security, visitor, why
from recsys.demo.storefront.carts import Carts
from recsys.demo.storefront.config import StorefrontConfig, read_config
from recsys.demo.storefront.goods import Goods, bundled_goods
from recsys.demo.storefront.shop import EXTENSION, Storefront, me, shop
from recsys.settings import Settings

TIMEOUT_SECONDS = 2.0
LARGEST_FORM = 16 * 1024
_ERRORS = {
    400: (
        "That did not work",
        "The page was older than your visit, or the form was not complete. Nothing was changed.",
    ),
    404: ("Nothing here", "There is nothing at this address. Perhaps it is no longer in the shop."),
    405: ("Not this way", "This address cannot be opened directly. Nothing was changed."),
}
_SORRY = ("That went wrong on our side", "Nothing was changed. Please try again in a moment.")


def create_app(
    settings: Settings | None = None, config: StorefrontConfig | None = None, goods: Goods | None = None
) -> Flask:
    """The shop front as a WSGI application; without arguments as the environment and the home say."""
    settings = settings or Settings.from_environment(os.environ)
    config = config or read_config(settings.home)
    app = Flask("recsys.demo.storefront")
    app.config.from_mapping(
        SECRET_KEY=settings.derived_key("storefront session"),
        # Cookies know no ports: the desk beside it has a name of its own too.
        SESSION_COOKIE_NAME="storefront",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions[EXTENSION] = Storefront(
        # A shopper waits for the page: an endpoint that is busy is not asked twice.
        client=Client(config.api, config.api_key, timeout=TIMEOUT_SECONDS, wait=0),
        carts=Carts.open(settings.home / "storefront.db"),
        goods=goods or bundled_goods(),
        sample_users=config.sample_users,
        name=settings.shop_name,
    )
    security.install(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["price"] = price_words
    app.jinja_env.globals.update(
        drawn_tile=drawn_tile, why=why.why, shares=why.shares, first_time=visitor.FIRST_TIME
    )
    app.context_processor(_frame)
    app.register_error_handler(HTTPException, _error)
    app.register_error_handler(CSRFError, _error)
    app.register_blueprint(pages.bp)
    app.register_blueprint(deeds.bp)
    return app


def _frame() -> dict[str, Any]:
    """What the frame of every page shows."""
    said = get_flashed_messages(with_categories=True)
    cart = sum(line.quantity for line in shop().carts.lines(me().key))
    return {
        "shop": shop(),
        "me": me(),
        "said": said,
        "undo": session.get("undo"),
        "in_cart": cart,
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
    }


def _error(error: Exception) -> Response:
    code = getattr(error, "code", None) or 500
    if 300 <= code < 400 and isinstance(error, HTTPException):
        return make_response(error.get_response())
    title, text = _ERRORS.get(code, _SORRY)
    return make_response(render_template("error.html", title=title, text=text, themes=[], away=False), code)
