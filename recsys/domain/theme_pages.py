"""A theme on a page of its own: all of its eligible members, in its own order for the shopper."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from recsys.domain.eligibility import eligibility
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.live import theme_is_live
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import Pin, RuleSet, Theme
from recsys.domain.themes import theme_members
from recsys.domain.views import CandidatesView, CatalogView, Multiplier, RulesView


@dataclass(frozen=True, slots=True)
class ThemePageRules:
    """The rules as they act on a theme's own page: vetoes alone, and the theme as its one row."""

    rules: RulesView
    shown: Theme

    def row(self, surface: str | None, name: str) -> RowSettings:  # noqa: ARG002 - the protocol's shape
        """A row that shows the theme, whichever is asked for."""
        return RowSettings(name="theme", kind=RowKind.THEME, theme=self.shown.id)

    def pins(self, _request: Request) -> Iterable[Pin]:
        """None: what stands on the page is the theme's own order."""
        return ()

    def vetoed(self, request: Request) -> Callable[[ItemId], bool]:
        """Whether a live veto covers an item."""
        return self.rules.vetoed(request)

    def multiplier(self, _request: Request) -> Multiplier | None:
        """None: boosts have no say in a theme's order."""
        return None

    def theme(self, rule_id: RuleId) -> Theme | None:
        """The theme with that rule id."""
        return self.rules.theme(rule_id)


def live_themes(rules: RuleSet, request: Request) -> list[Theme]:
    """The themes that may be shown at the request's time, by slug."""
    found = (theme for theme in rules.of(Theme) if theme_is_live(theme, request.at))
    return sorted(found, key=lambda theme: theme.slug)


def theme_size(
    theme: Theme, candidates: CandidatesView, rules: RulesView, request: Request, catalog: CatalogView
) -> int:
    """How many members may be shown to whoever asks."""
    row = ThemePageRules(rules, theme).row(None, "main")
    eligible = eligibility(candidates, rules, request, catalog, row)
    picks, others = theme_members(theme, catalog, request)
    return sum(map(eligible, (*picks, *others)))
