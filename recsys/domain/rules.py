"""What editors say: pins, vetoes, boosts, themes and the settings of surfaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, RuleId, check_id, check_slug
from recsys.domain.rows import MAIN as MAIN  # noqa: PLC0414 - a part of what rules are made of, and found here too
from recsys.domain.rows import MAX_ROWS
from recsys.domain.rows import MAX_SLOT as MAX_SLOT  # noqa: PLC0414 - as above
from recsys.domain.rows import RowOrder as RowOrder  # noqa: PLC0414 - as above
from recsys.domain.rows import RowSettings as RowSettings  # noqa: PLC0414 - as above
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import ALWAYS, Window

MAX_MEMBERS = 10_000
MAX_TEXT = 2_000
RESERVED_THEME_SLUGS = frozenset({"new", "find", "entries", "preview", "export", "import"})
"""What a new theme is not called: the desk has pages of its own at these addresses below its themes."""
NEXT_RELEASE = 2**62
"""Stands for the publication of a rule that is only in the draft: later than all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What all rules carry.

    `published` is the number of the release that first carried the present content; it is where the
    content stands in history, not content, so it is left out of comparisons. On the day `review` somebody is to look
    whether the rule is still wanted; it acts all the same.
    """

    id: RuleId
    author: str = ""
    owner: str = ""
    notes: str = ""
    paused: bool = False
    review: date | None = None
    published: int = field(default=NEXT_RELEASE, compare=False)

    def __post_init__(self) -> None:
        check_id(self.id, "id")
        check_text(self.notes, "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(Rule):
    """An item, or a theme, at a slot. Exactly one of `item_id` and `theme`."""

    slot: int
    item_id: ItemId | None = None
    theme: RuleId | None = None
    scope: Scope = EVERYWHERE
    window: Window = ALWAYS
    priority: int = 0
    holdout: float = 0.0

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if (self.item_id is None) == (self.theme is None):
            raise Invalid("pin", "pin either an item or a theme")
        if self.item_id is not None:
            check_id(self.item_id, "item_id")
        if not 1 <= self.slot <= MAX_SLOT:
            raise Invalid("slot", f"give a slot from 1 to {MAX_SLOT}")
        if not -1000 <= self.priority <= 1000:
            raise Invalid("priority", "give a whole number from -1000 to 1000")
        _check_holdout(self.holdout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto(Rule):
    """An exclusion, with its reason."""

    target: Target
    reason: str
    scope: Scope = EVERYWHERE
    window: Window = ALWAYS

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        check_text(self.reason, "reason", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost(Rule):
    """A multiplier on scores: above 1 boosts, between 0 and 1 buries."""

    target: Target
    factor: float
    scope: Scope = EVERYWHERE
    window: Window = ALWAYS
    holdout: float = 0.0

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if not 0 < self.factor <= 1000 or self.factor == 1:
            raise Invalid("factor", "above 1 boosts (up to 1000), between 0 and 1 buries; 1 does nothing")
        _check_holdout(self.holdout)


class ThemeOrder(StrEnum):
    """How a theme's members are ordered for a shopper."""

    BY_HAND = "by_hand"
    MODEL = "model"
    HEAD_THEN_MODEL = "head_then_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme(Rule):
    """A curated collection.

    Members are the hand-picks and what the selector holds, without the exclusions. With the order
    `head_then_model` the first `head` hand-picks (all of them when None) keep their places and the
    rest follows in the model's order. `cover` is the item whose picture stands for the theme.
    """

    slug: str
    title: str
    blurb: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    blurbs: Mapping[str, str] = field(default_factory=dict)
    picks: tuple[ItemId, ...] = ()
    selector: Selector | None = None
    excluded: tuple[ItemId, ...] = ()
    order: ThemeOrder = ThemeOrder.HEAD_THEN_MODEL
    head: int | None = None
    window: Window = ALWAYS
    cover: ItemId | None = None

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        check_slug(self.slug, "slug")
        _check_own_id(self.id, theme_id(self.slug))
        if self.cover is not None:
            check_id(self.cover, "cover")
        check_text(self.title, "title", required=True)
        check_text(self.blurb, "blurb")
        for market, title in self.titles.items():
            check_text(title, f"titles.{market}", required=True)
        for market, blurb in self.blurbs.items():
            check_text(blurb, f"blurbs.{market}")
        if len(set(self.picks)) != len(self.picks):
            raise Invalid("picks", "an item is picked twice; remove one of the two")
        if max(len(self.picks), len(self.excluded)) > MAX_MEMBERS:
            raise Invalid("picks", f"a theme holds at most {MAX_MEMBERS} hand-picks")
        if self.head is not None and self.head < 0:
            raise Invalid("head", "give 0 or more, or nothing for all hand-picks")

    def title_in(self, market: str | None) -> str:
        """The title shown in `market`."""
        return self.titles.get(market or "", self.title)

    def blurb_in(self, market: str | None) -> str:
        """The blurb shown in `market`."""
        return self.blurbs.get(market or "", self.blurb)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceSettings(Rule):
    """A place in the storefront: its rows from the top and their order, and whether it stands beside context items."""

    slug: str
    title: str
    rows: tuple[RowSettings, ...] = (RowSettings(),)
    context: bool = False
    order: RowOrder = RowOrder.FIXED

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        check_slug(self.slug, "slug")
        _check_own_id(self.id, surface_id(self.slug))
        check_text(self.title, "title", required=True)
        names = [row.name for row in self.rows]
        if MAIN not in names:
            raise Invalid("rows", "every surface has a row called main")
        if len(set(names)) != len(names):
            raise Invalid("rows", "two rows have the same name")
        if len(names) > MAX_ROWS:
            raise Invalid("rows", f"a surface has at most {MAX_ROWS} rows")

    def row(self, name: str) -> RowSettings | None:
        """The settings of the row called `name`, None when the surface has none."""
        return next((row for row in self.rows if row.name == name), None)


AnyRule = Pin | Veto | Boost | Theme | SurfaceSettings
R = TypeVar("R", bound=Rule)

KINDS: Mapping[str, type[AnyRule]] = {
    "pin": Pin,
    "veto": Veto,
    "boost": Boost,
    "theme": Theme,
    "surface": SurfaceSettings,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


def kind_of(rule: AnyRule) -> str:
    """The word for the kind of `rule`: pin, veto, boost, theme or surface."""
    return _NAMES[type(rule)]


def theme_id(slug: str) -> RuleId:
    """The rule id of the theme at `slug`: two editors making the same theme meet."""
    return RuleId(f"theme-{slug}")


def surface_id(slug: str) -> RuleId:
    """The rule id of the settings of the surface at `slug`."""
    return RuleId(f"surface-{slug}")


class RuleSet:
    """Rules by id; immutable, and equal when the contents are."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Iterable[AnyRule] = ()) -> None:
        self._rules: dict[RuleId, AnyRule] = {rule.id: rule for rule in rules}

    def __iter__(self) -> Iterator[AnyRule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._rules

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleSet) and self._rules == other._rules

    def __hash__(self) -> int:
        return hash(frozenset(self._rules))

    def __repr__(self) -> str:
        return f"RuleSet({sorted(self._rules)})"

    def get(self, rule_id: str | None) -> AnyRule | None:
        """The rule with that id, or None."""
        return self._rules.get(RuleId(rule_id)) if rule_id is not None else None

    def of(self, kind: type[R]) -> list[R]:
        """All rules of one kind, by id."""
        return sorted((rule for rule in self if isinstance(rule, kind)), key=lambda rule: rule.id)

    def theme(self, slug: str) -> Theme | None:
        """The theme at `slug`, or None."""
        found = self.get(theme_id(slug))
        return found if isinstance(found, Theme) else None

    def surface(self, slug: str) -> SurfaceSettings | None:
        """The settings of the surface at `slug`, or None."""
        found = self.get(surface_id(slug))
        return found if isinstance(found, SurfaceSettings) else None

    def with_rule(self, rule: AnyRule) -> RuleSet:
        """A set with `rule` put in its place."""
        return RuleSet({**self._rules, rule.id: rule}.values())

    def without(self, rule_id: str) -> RuleSet:
        """A set without the rule of that id."""
        return RuleSet(rule for rule in self if rule.id != rule_id)

    def published_as(self, number: int) -> RuleSet:
        """The set with the rules that were only in the draft marked as first published in release `number`."""
        return RuleSet(replace(r, published=number) if r.published == NEXT_RELEASE else r for r in self)


def check_references(rules: RuleSet) -> None:
    """Raise Invalid when a pin or row names a theme, or a rule a surface or row, that the set lacks."""
    for pin in rules.of(Pin):
        if pin.theme is not None and not isinstance(rules.get(pin.theme), Theme):
            raise Invalid("theme", f"the pin {pin.id} places a theme that does not exist: {pin.theme}")
    for surface in rules.of(SurfaceSettings):
        for row in surface.rows:
            if row.theme is not None and not isinstance(rules.get(row.theme), Theme):
                message = (
                    f"the row “{row.name}” of “{surface.slug}” shows a theme that does not exist: {row.theme}"
                )
                raise Invalid("rows.theme", message)
    for rule in rules:
        if isinstance(rule, Pin | Veto | Boost) and rule.scope.surface is not None:
            _check_place(rules, rule)


def _check_place(rules: RuleSet, rule: Pin | Veto | Boost) -> None:
    surface = rules.surface(rule.scope.surface or "")
    if surface is None:
        raise Invalid("scope.surface", f"there is no surface “{rule.scope.surface}”")
    if rule.scope.row is not None and surface.row(rule.scope.row) is None:
        raise Invalid("scope.row", f"the surface “{surface.slug}” has no row “{rule.scope.row}”")


def check_text(value: str, field_name: str, *, required: bool = False) -> None:
    """Raise Invalid when `value` is too long, or empty where it is `required`."""
    if required and not value.strip():
        raise Invalid(field_name, "is required")
    if len(value) > MAX_TEXT:
        raise Invalid(field_name, f"is longer than {MAX_TEXT} characters")


def _check_own_id(given: RuleId, wanted: RuleId) -> None:
    if given != wanted:
        raise Invalid("id", f"must be {wanted}: themes and surfaces are found by their slugs")


def _check_holdout(share: float) -> None:
    if not 0 <= share <= 0.5:
        raise Invalid("holdout", "give a share from 0 to 0.5")
