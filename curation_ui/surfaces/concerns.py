"""Which changes of the draft show on a surface."""

from __future__ import annotations

from recsys.domain.changes import Change
from recsys.domain.rules import Boost, Pin, RuleSet, SurfaceSettings, Theme, Veto, theme_id


def concerns(change: Change, surface: str, rules: RuleSet) -> bool:
    """Whether the change shows on the surface: a rule scoped to it or to all, its settings, a theme placed on it."""
    rule = change.after or change.before
    if isinstance(rule, Pin | Veto | Boost):
        return rule.scope.surface in {None, surface}
    if isinstance(rule, Theme):
        theme, settings = theme_id(rule.slug), rules.surface(surface)
        placed = any(pin.theme == theme and pin.scope.surface in {None, surface} for pin in rules.of(Pin))
        return placed or any(row.theme == theme for row in (settings.rows if settings else ()))
    return isinstance(rule, SurfaceSettings) and rule.slug == surface
