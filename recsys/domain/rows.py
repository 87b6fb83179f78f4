"""The rows of a surface: what each shows, how much of it, and in what order they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recsys.domain.errors import Invalid
from recsys.domain.ids import RuleId, check_slug

MAIN = "main"
MAX_SLOT = 500
MAX_ROWS = 50
MAX_ROW_TITLE = 200


class RowKind(StrEnum):
    """What a row draws on, beside its pins."""

    MAIN = "main"
    THEME = "theme"
    BECAUSE = "because"
    TRENDING = "trending"
    NEW = "new"
    POPULAR = "popular"
    BUY_AGAIN = "buy_again"

    @property
    def personal(self) -> bool:
        """Whether it has nothing to show for a shopper of whom nothing is known."""
        return self in {RowKind.BECAUSE, RowKind.BUY_AGAIN}


class RowOrder(StrEnum):
    """How the rows of a surface stand: as the editor laid them out, or those first that suit the shopper best."""

    FIXED = "fixed"
    FOR_SHOPPER = "for_shopper"


@dataclass(frozen=True, slots=True)
class RowSettings:
    """One titled list on a surface.

    `group_limit` items at most of one `group_id` (0: no limit); `repeats` lets owned items in; on a page the row
    shows `size` items unless the request says otherwise, and with fewer than `min_size` it is dropped.
    `fallback`: when candidates run out, `main` is filled up from what is popular; no other row ever is.
    `theme` is the rule id of the theme that a row of that kind shows.
    """

    name: str = MAIN
    title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    kind: RowKind = RowKind.MAIN
    size: int = 20
    min_size: int = 1
    group_limit: int = 1
    repeats: bool = False
    theme: RuleId | None = None
    fallback: bool = True

    def __post_init__(self) -> None:
        check_slug(self.name, "row")
        if not 1 <= self.size <= MAX_SLOT:
            raise Invalid("size", f"give a size from 1 to {MAX_SLOT}")
        if not 1 <= self.min_size <= MAX_SLOT:
            raise Invalid("min_size", f"give a minimum size from 1 to {MAX_SLOT}")
        if self.group_limit < 0:
            raise Invalid("group_limit", "give 0 (no limit) or more")
        self._check_kind()
        for name, title in (("title", self.title), *((f"titles.{m}", t) for m, t in self.titles.items())):
            if len(title) > MAX_ROW_TITLE:
                raise Invalid(name, f"is longer than {MAX_ROW_TITLE} characters")

    def _check_kind(self) -> None:
        if (self.kind is RowKind.THEME) != (self.theme is not None):
            raise Invalid("theme", "a row of the kind theme names its theme, and no other row does")
        if self.kind is RowKind.BUY_AGAIN and not self.repeats:
            raise Invalid("repeats", "a row to buy again shows what is owned; let owned items in")
        if self.name == MAIN and self.kind is not RowKind.MAIN:
            raise Invalid("kind", "the row main shows what the model proposes; give it the kind main")

    @property
    def fills_up(self) -> bool:
        """Whether the row goes on with what is popular when its candidates run out."""
        return self.name == MAIN and self.fallback

    def title_in(self, market: str | None) -> str:
        """The title shown in `market`; empty where the editor gave none."""
        return self.titles.get(market or "", self.title)
