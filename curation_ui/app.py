"""The application factory of the curation desk; Granian loads it as `curation_ui.app:create_app`."""

from __future__ import annotations

import gc
import json
import os
from datetime import timedelta
from importlib import import_module
from typing import Any

from flask import Flask

from curation_ui import auth, errors, rendering, security
from curation_ui.context import EXTENSION, Desk
from curation_ui.planned import PlannedPublications
from recsys.services.shop import Shop, open_shop
from recsys.settings import Settings
from recsys.slates.finding import Wanted, find
from recsys.slates.refresh import LiveHolder

SIGNED_IN_FOR = timedelta(hours=12)
LARGEST_FORM = 2 * 1024 * 1024
COLLECTED = (10_000, 10, 30)
"""New objects before the collector looks at these alone, such looks before a wider one, those before one at all."""

PARTS = (
    "curation_ui.auth",
    "curation_ui.appearance",
    "curation_ui.desk",
    "curation_ui.search",
    "curation_ui.surfaces",
    "curation_ui.publishing",
    "curation_ui.proposals",
    "curation_ui.presence",
    "curation_ui.changes",
    "curation_ui.themes",
    "curation_ui.vetoes",
    "curation_ui.rules",
    "curation_ui.runs",
    "curation_ui.releases",
    "curation_ui.audit",
    "curation_ui.people",
    "curation_ui.keys",
    "curation_ui.account",
)
"""One part of the desk each, with its routes in the blueprint `bp`."""


def create_app(shop: Shop | None = None, live: LiveHolder | None = None) -> Flask:
    """The desk as a WSGI application.

    Without arguments the shop is opened as the environment says, and the live state is kept fresh by a thread of its own.
    """
    shop = shop or open_shop(Settings.from_environment(os.environ))
    serving = live is None
    app = Flask("curation_ui")
    app.config.from_mapping(_configuration(shop.settings))
    app.extensions[EXTENSION] = Desk(shop, live or _started(shop))
    security.install(app)
    auth.install(app)
    errors.install(app)
    app.jinja_env.filters.update(zip=zip, from_json=json.loads)
    rendering.install(app)
    for part in PARTS:
        app.register_blueprint(import_module(part).bp)
    if serving:
        warm(app)
        keep_what_stays()
    return app


def warm(app: Flask) -> None:
    """Make what is searched now, so that nobody's first search waits for it."""
    state = app.extensions[EXTENSION].live.current()
    find(state, Wanted("a"), 1)


def keep_what_stays() -> None:
    """Tell the collector to walk no more through catalog and rules: many small objects, which took it longer than a page.

    What is worked out of them at the first look stays too, and is walked through in full once in a hundred pages or so;
    left to itself the collector would do so at every third.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.derived_key("curation-ui session"),
        "SESSION_COOKIE_NAME": "desk",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.https,
        "PERMANENT_SESSION_LIFETIME": SIGNED_IN_FOR,
        "MAX_CONTENT_LENGTH": LARGEST_FORM,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        # A page may stay open for hours with work on it; the token lives as long as the session.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _started(shop: Shop) -> LiveHolder:
    live = LiveHolder(shop.database, shop.settings, clock=shop.clock)
    live.watch(PlannedPublications(shop))
    live.start()
    return live
