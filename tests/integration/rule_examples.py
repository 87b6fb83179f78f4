"""Rules of every kind for Hypothesis, as wide as the domain allows, and a few plain ones by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rows import RowKind
from recsys.domain.rules import (
    AnyRule,
    Boost,
    Pin,
    RowOrder,
    RowSettings,
    SurfaceSettings,
    Theme,
    ThemeOrder,
    Veto,
    surface_id,
    theme_id,
)
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window

words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
).filter(str.strip)
slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True)
items = words.map(ItemId)
_zones = st.sampled_from(["UTC", "Europe/London", "Asia/Kathmandu"])
_moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - bounds are naive, values are not
    lambda at: at.astimezone(timezone(timedelta(hours=5, minutes=45)))
)
_whole = st.integers(0, 1_000)
_price = st.floats(0, 1e6)


@st.composite
def selectors(draw: st.DrawFn) -> Selector:
    low, high = sorted((draw(_price), draw(_price)))
    young, old = sorted((draw(_whole), draw(_whole)))
    return Selector(
        tags=tuple(draw(st.lists(words, max_size=3))),
        price_min=draw(st.sampled_from([None, low])),
        price_max=high,
        min_age_days=draw(st.sampled_from([None, young])),
        max_age_days=draw(st.sampled_from([None, old])),
        market=draw(st.none() | words),
        group_id=draw(st.none() | words),
    )


targets = st.builds(lambda item: Target(item_id=item), items) | st.builds(
    lambda selector: Target(selector=selector), selectors()
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start, end = sorted((draw(_moments), draw(_moments)))
    zone = draw(_zones)
    if start == end or draw(st.booleans()):
        return Window(start=draw(st.sampled_from([None, start])), zone=zone)
    return Window(start=start, end=end, zone=zone)


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    surface = draw(st.none() | slugs)
    row = draw(st.none() | slugs) if surface is not None else None
    context = draw(st.sampled_from(["item", "selector", "none"]))
    return Scope(
        surface=surface,
        row=row,
        context_item=draw(items) if context == "item" else None,
        context_selector=draw(selectors()) if context == "selector" else None,
        market=draw(st.none() | words),
        segment=draw(st.none() | words),
        user=draw(st.none() | words),
    )


_common = {
    "id": words.map(RuleId),
    "author": words,
    "owner": words,
    "notes": words | st.just(""),
    "paused": st.booleans(),
    "review": st.none() | st.dates(date(2020, 1, 1), date(2035, 1, 1)),
}
_scoped = {**_common, "scope": scopes(), "window": windows()}
_holdouts = st.floats(0, 0.5)
_factors = st.floats(1.01, 1000) | st.floats(0.01, 0.99)

pins = st.one_of(
    st.builds(Pin, item_id=items, slot=st.integers(1, 500), holdout=_holdouts, **_scoped),
    st.builds(Pin, theme=slugs.map(theme_id), slot=st.integers(1, 500), **_scoped),
)
vetoes = st.builds(Veto, target=targets, reason=words, **_scoped)
boosts = st.builds(Boost, target=targets, factor=_factors, holdout=_holdouts, **_scoped)


def _theme(slug: str, **fields: Any) -> Theme:
    return Theme(**{**fields, "id": theme_id(slug), "slug": slug})


def _surface(slug: str, **fields: Any) -> SurfaceSettings:
    return SurfaceSettings(**{**fields, "id": surface_id(slug), "slug": slug})


themes = st.builds(
    _theme,
    slug=slugs,
    title=words,
    blurb=words,
    titles=st.dictionaries(words, words, max_size=2),
    picks=st.lists(items, unique=True, max_size=4).map(tuple),
    selector=st.none() | selectors(),
    excluded=st.lists(items, max_size=2).map(tuple),
    order=st.sampled_from(ThemeOrder),
    head=st.none() | _whole,
    window=windows(),
    cover=st.none() | items,
    **_common,
)


def _row(kind: RowKind, theme: str, **fields: Any) -> RowSettings:
    fields["repeats"] |= kind is RowKind.BUY_AGAIN
    return RowSettings(kind=kind, theme=theme_id(theme) if kind is RowKind.THEME else None, **fields)


_rows = st.lists(
    st.builds(
        _row,
        kind=st.sampled_from(RowKind),
        theme=slugs,
        name=slugs,
        title=words,
        titles=st.dictionaries(words, words, max_size=2),
        size=st.integers(1, 500),
        min_size=st.integers(1, 500),
        repeats=st.booleans(),
    ),
    max_size=2,
    unique_by=lambda row: row.name,
).map(lambda rows: (RowSettings(), *(row for row in rows if row.name != "main")))
surfaces = st.builds(
    _surface,
    slug=slugs,
    title=words,
    rows=_rows,
    context=st.booleans(),
    order=st.sampled_from(RowOrder),
    **_common,
)
any_rule: st.SearchStrategy[AnyRule] = st.one_of(pins, vetoes, boosts, themes, surfaces)


def pin(slot: int = 1, item: str = "lamp", *, rule_id: str = "pin-1", **more: object) -> Pin:
    """Give a plain pin."""
    return Pin(id=RuleId(rule_id), slot=slot, item_id=ItemId(item), **more)


def veto(item: str = "lamp", *, rule_id: str = "veto-1", reason: str = "broken") -> Veto:
    """Give a plain veto."""
    return Veto(id=RuleId(rule_id), target=Target(item_id=ItemId(item)), reason=reason)


def theme(slug: str = "garden", title: str = "Garden", **more: object) -> Theme:
    """Give a plain theme."""
    return Theme(id=theme_id(slug), slug=slug, title=title, **more)


def surface(slug: str = "home", title: str = "Home", **more: object) -> SurfaceSettings:
    """Give plain settings of a surface."""
    return SurfaceSettings(id=surface_id(slug), slug=slug, title=title, **more)
