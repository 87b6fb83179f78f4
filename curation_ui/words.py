"""Rules and changes in plain words, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.numbers import number, percent
from recsys.domain.catalog import Item
from recsys.domain.changes import Change
from recsys.domain.diff import changed_fields
from recsys.domain.ids import ItemId
from recsys.domain.rows import MAIN, RowKind, RowOrder, RowSettings
from recsys.domain.rules import (
    AnyRule,
    Boost,
    Pin,
    RuleSet,
    SurfaceSettings,
    Theme,
    ThemeOrder,
    Veto,
    surface_id,
)
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target

SIGNS: Mapping[str, str] = {"pin": "⚑", "theme": "❖", "model": "◌", "fallback": "≈"}
"""The sign of each source; its colour is the CSS class `source-<source>`."""

KIND_SIGNS: Mapping[str, str] = {"pin": "⚑", "theme": "❖", "veto": "⊘", "boost": "↗", "surface": "▦"}


class Catalog(Protocol):
    """What is read of the catalog to name an item."""

    def get(self, item_id: ItemId, /) -> Item | None:
        """The item, or None when it is not in the catalog."""
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """Titles instead of ids; what cannot be found is called by its id."""

    catalog: Catalog
    rules: RuleSet

    def item(self, item_id: str) -> str:
        """The title of an item."""
        found = self.catalog.get(ItemId(item_id))
        return found.title if found is not None else item_id

    def surface(self, slug: str) -> str:
        """The title of a surface."""
        found = self.rules.get(surface_id(slug))
        return found.title if isinstance(found, SurfaceSettings) else slug

    def row(self, slug: str | None, name: str) -> str:
        """What a row of a surface is called, in quotes; by its name where it is not on the surface."""
        found = self.rules.get(surface_id(slug)) if slug is not None else None
        row = found.row(name) if isinstance(found, SurfaceSettings) else None
        return f"“{row_words(row, self)}”" if row is not None else name

    def theme(self, rule_id: str) -> str:
        """The title of a theme."""
        found = self.rules.get(rule_id)
        return found.title if isinstance(found, Theme) else rule_id.removeprefix("theme-")


def scope_words(scope: Scope, names: Names, *, with_surface: bool = True) -> str:
    """“Home · United Kingdom · segment trade”, or “everyone, everywhere”."""
    parts = []
    if with_surface and scope.surface is not None:
        parts.append(names.surface(scope.surface))
    if scope.row is not None and scope.row != "main":
        parts.append(_("row %(row)s", row=names.row(scope.surface, scope.row)))
    if scope.context_item is not None:
        parts.append(_("beside %(title)s", title=names.item(scope.context_item)))
    if scope.context_selector is not None:
        parts.append(_("beside %(items)s", items=selector_words(scope.context_selector)))
    parts.append(_audience(scope))
    if with_surface and scope.surface is None:
        parts.append(_("every surface"))
    return " · ".join(parts)


def _audience(scope: Scope) -> str:
    parts = []
    if scope.market is not None:
        parts.append(scope.market)
    if scope.segment is not None:
        parts.append(_("segment %(segment)s", segment=scope.segment))
    if scope.user is not None:
        parts.append(_("shopper %(user)s", user=scope.user))
    return " · ".join(parts) if parts else _("everyone")


def selector_words(selector: Selector) -> str:
    """“tag christmas, £2 or more” in words: every part given, joined by commas."""
    parts = []
    if selector.tags:
        tags = _(" or ").join(selector.tags)
        parts.append(_("tag %(tags)s", tags=tags))
    parts += _range_words(selector)
    if selector.market is not None:
        parts.append(_("sold in %(market)s", market=selector.market))
    if selector.group_id is not None:
        parts.append(_("group %(group)s", group=selector.group_id))
    return ", ".join(parts)


def _range_words(selector: Selector) -> list[str]:
    parts = []
    low, high = selector.price_min, selector.price_max
    if low is not None and high is not None:
        parts.append(_("price %(low)s to %(high)s", low=number(low, 2), high=number(high, 2)))
    elif low is not None:
        parts.append(_("price from %(low)s", low=number(low, 2)))
    elif high is not None:
        parts.append(_("price up to %(high)s", high=number(high, 2)))
    if selector.min_age_days is not None:
        parts.append(ngettext("at least %(num)d day old", "at least %(num)d days old", selector.min_age_days))
    if selector.max_age_days is not None:
        parts.append(ngettext("newer than %(num)d day", "newer than %(num)d days", selector.max_age_days))
    return parts


def target_words(target: Target, names: Names) -> str:
    """The title of the item, or “every item with tag christmas”."""
    if target.selector is not None:
        return _("every item with %(selector)s", selector=selector_words(target.selector))
    return names.item(target.item_id or "")


def subject_words(rule: AnyRule, names: Names) -> str:
    """What a rule is about: the title of the item, theme or surface, or the selector."""
    match rule:
        case Pin():
            return names.theme(rule.theme) if rule.theme is not None else names.item(rule.item_id or "")
        case Veto() | Boost():
            return target_words(rule.target, names)
        case Theme() | SurfaceSettings():
            return rule.title


def rule_title(rule: AnyRule) -> str:
    """“Pin · slot 3”, “Boost × 1.5”: the kind with its one number."""
    match rule:
        case Pin(theme=None):
            return _("Pin · slot %(slot)d", slot=rule.slot)
        case Pin():
            return _("Theme · slot %(slot)d", slot=rule.slot)
        case Veto():
            return _("Veto")
        case Boost():
            kind = _("Boost") if rule.factor > 1 else _("Bury")
            return f"{kind} × {rule.factor:g}"
        case Theme():
            return _("Theme")
        case SurfaceSettings():
            return _("Surface settings")


def rule_words(rule: AnyRule, names: Names) -> str:
    """A rule in one line: “Pin · slot 3: Party Bunting”."""
    return f"{rule_title(rule)}: {subject_words(rule, names)}"


def change_words(before: AnyRule | None, after: AnyRule | None, names: Names) -> str:
    """What a change did, as the end of a sentence that begins with a name: “pinned Party Bunting to slot 3”."""
    rule = after or before
    if rule is None:
        return _("changed nothing")
    if before is None:
        return _made(rule, names)
    if after is None:
        return _("removed %(rule)s", rule=rule_words(rule, names))
    return _changed(before, after, names)


def draft_change_words(change: Change, names: Names) -> str:
    """`change_words` of a change of the draft."""
    return change_words(change.before, change.after, names)


def _made(rule: AnyRule, names: Names) -> str:
    subject = subject_words(rule, names)
    match rule:
        case Pin():
            pinned, placed = (
                _("pinned %(title)s to slot %(slot)d"),
                _("placed the theme %(title)s in slot %(slot)d"),
            )
            said = pinned if rule.theme is None else placed
            return said % {"title": subject, "slot": rule.slot}
        case Veto():
            return _("vetoed %(title)s: %(reason)s", title=subject, reason=rule.reason)
        case Boost():
            said = (
                _("boosted %(title)s × %(factor)s") if rule.factor > 1 else _("buried %(title)s × %(factor)s")
            )
            return said % {"title": subject, "factor": f"{rule.factor:g}"}
        case Theme():
            return _("made the theme %(title)s", title=subject)
        case SurfaceSettings():
            return _("set up the surface %(title)s", title=subject)


def _changed(before: AnyRule, after: AnyRule, names: Names) -> str:
    names_of_fields = changed_fields(before, after)
    if isinstance(before, SurfaceSettings) and isinstance(after, SurfaceSettings):
        laid_out = {"rows", "order"}.issuperset(names_of_fields) and names_of_fields
        if laid_out:
            from curation_ui.layout_words import layout_words

            return layout_words(before, after, names)
    subject = subject_words(after, names)
    if names_of_fields == ("paused",):
        verb = _("paused %(rule)s") if getattr(after, "paused", False) else _("resumed %(rule)s")
        return verb % {"rule": rule_words(after, names)}
    if isinstance(before, Pin) and isinstance(after, Pin) and names_of_fields == ("slot",):
        return _(
            "moved the pin of %(title)s from slot %(before)d to %(after)d",
            title=subject,
            before=before.slot,
            after=after.slot,
        )
    labels = ", ".join(label(name) for name in names_of_fields) or _("nothing")
    return _("changed %(fields)s of %(rule)s", fields=labels, rule=rule_words(after, names))


def label(field: str) -> str:
    """The word that the desk has for a field of a rule."""
    return {
        "item_id": _("item"),
        "picks": _("hand-picks"),
        "excluded": _("exclusions"),
        "titles": _("titles by market"),
        "blurbs": _("blurbs by market"),
        "selector": _("rule for members"),
        "head": _("fixed head"),
        "window": _("time"),
        "scope": _("where"),
        "target": _("what"),
        "review": _("day of review"),
    }.get(field, field.replace("_", " "))


def order_words(order: ThemeOrder) -> str:
    """How a theme is ordered, in words."""
    return {
        ThemeOrder.BY_HAND: _("by hand"),
        ThemeOrder.MODEL: _("by the model, for each shopper"),
        ThemeOrder.HEAD_THEN_MODEL: _("hand-picks first, then the model for each shopper"),
    }[order]


def order_of_rows_words(order: RowOrder) -> str:
    """How the rows of a page stand, in words."""
    return {
        RowOrder.FIXED: _("as laid out, for every shopper"),
        RowOrder.FOR_SHOPPER: _("in the order that suits each shopper"),
    }[order]


def holdout_words(share: float) -> str:
    """“held out for 10 % of shoppers”; empty without a holdout."""
    return _("held out for %(share)s of shoppers", share=percent(share)) if share else ""


def row_words(row: RowSettings, names: Names) -> str:
    """What a row is called: by its title, else by its theme or by what its kind shows, else by its name."""
    if row.title or row.theme:
        return row.title or names.theme(row.theme or "")
    kinds = {
        RowKind.MAIN: _("Recommended") if row.name == MAIN else row.name,
        RowKind.BECAUSE: _("Because you bought …"),
        RowKind.TRENDING: _("Trending now"),
        RowKind.NEW: _("New in the shop"),
        RowKind.POPULAR: _("Popular"),
        RowKind.BUY_AGAIN: _("Buy again"),
    }
    return kinds.get(row.kind, row.name)
