"""What every template can call: words about rules, numbers and times, bound to the request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for

from curation_ui import context, field_words, layout_words, moments, numbers, presence, tiles, words
from curation_ui.i18n import gettext, language, ngettext
from curation_ui.navigation import navigation
from curation_ui.release_words import release_words
from recsys.domain.rules import AnyRule, Pin, kind_of
from recsys.domain.slates import Placed, Source

THEMES = ("light", "dark")
APPEARANCE_COOKIE = "appearance"
TAGS_OFFERED = 300
COMMON_ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Paris",
    "Europe/Berlin",
    "Europe/Helsinki",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)


def install(app: Flask) -> None:
    """Give the templates of `app` their filters and functions."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(_filters())
    app.jinja_env.globals.update(_functions())
    app.context_processor(_page)


def why_words(placed: Placed, rule: AnyRule | None) -> str:
    """The one short line that says why an item is there; the whole story is in its details."""
    if placed.source is Source.PIN and isinstance(rule, Pin):
        line = gettext("Pinned by %(who)s", who=who_words(rule.author).split(" ")[0])
        end, zone = rule.window.end, rule.window.zone
        return (
            line
            if end is None
            else gettext("%(line)s · until %(day)s", line=line, day=moments.day(end, zone))
        )
    if placed.source is Source.THEME and placed.theme:
        return context.names().theme(f"theme-{placed.theme.removeprefix('theme-')}")
    return placed.reason.text


def asset(path: str) -> str:
    """The address of a static file with a stamp of its content, so that browsers may keep it for ever."""
    return url_for("static", filename=path, v=_stamp(path))


@cache
def _stamp(path: str) -> str:
    file = Path(__file__).parent / "static" / path
    return hashlib.blake2b(file.read_bytes(), digest_size=6).hexdigest() if file.is_file() else "0"


def _filters() -> dict[str, Callable[..., Any]]:
    return {
        "moment": lambda at, zone=None: moments.moment(at, zone or context.zone()),
        "day_of": lambda at: moments.day(at, context.zone()),
        "ago": lambda at: moments.ago(at, context.now()),
        "iso": lambda at: "" if at is None else at.isoformat(),
        "local": lambda at, zone=None: moments.to_field(at, zone or context.zone()),
        "price": numbers.price_words,
        "number": numbers.number,
        "percent": numbers.percent,
        "signed": numbers.signed,
        "window": moments.window_words,
        "kind": kind_of,
        "who": who_words,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
    }


def _functions() -> dict[str, Callable[..., Any] | Any]:
    return {
        "asset": asset,
        "may": context.may,
        "me": context.me,
        "now": context.now,
        "zone": context.zone,
        "drawn_tile": tiles.drawn_tile,
        "find_item": context.find_item,
        "item_title": lambda item_id: context.names().item(item_id),
        "surface_title": lambda slug: context.names().surface(slug),
        "theme_title": lambda rule_id: context.names().theme(rule_id),
        "row_words": lambda row: words.row_words(row, context.names()),
        "row_kind_words": layout_words.kind_words,
        "rule_title": words.rule_title,
        "rule_words": lambda rule: words.rule_words(rule, context.names()),
        "subject_words": lambda rule: words.subject_words(rule, context.names()),
        "scope_words": lambda scope, **how: words.scope_words(scope, context.names(), **how),
        "target_words": lambda target: words.target_words(target, context.names()),
        "selector_words": words.selector_words,
        "order_words": words.order_words,
        "holdout_words": words.holdout_words,
        "change_words": lambda before, after: words.change_words(before, after, context.names()),
        "field_changes": lambda before, after: field_words.field_changes(before, after, context.names()),
        "known_markets": context.markets,
        "known_segments": context.segments,
        "known_tags": lambda: list(context.state().catalog.tags())[:TAGS_OFFERED],
        "common_zones": lambda: list(
            dict.fromkeys([context.zone(), context.shop().settings.timezone, *COMMON_ZONES])
        ),
        "release_words": release_words,
        "why_words": why_words,
        "who_words": who_words,
        "others_here": presence.others,
        "my_name": lambda: context.called(context.me()),
        "SIGNS": words.SIGNS,
        "KIND_SIGNS": words.KIND_SIGNS,
    }


def who_words(address: str) -> str:
    """“you” for the signed-in person, else the person's name."""
    return gettext("you") if address and address == context.me() else context.called(address)


def _page() -> dict[str, Any]:
    appearance = request.cookies.get(APPEARANCE_COOKIE, "")
    signed_in = bool(context.me())
    return {
        "appearance": appearance if appearance in THEMES else None,
        "language": language(),
        "shop_name": context.shop().settings.shop_name,
        "navigation": navigation() if signed_in and not request.headers.get("HX-Request") else [],
        "presence_seconds": presence.SECONDS,
        "draft_live": context.draft().live_number if signed_in else None,
    }
