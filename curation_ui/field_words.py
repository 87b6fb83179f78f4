"""The fields of a rule in words, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from curation_ui.i18n import gettext as _
from curation_ui.moments import window_words
from curation_ui.words import (
    Names,
    label,
    order_of_rows_words,
    order_words,
    row_words,
    scope_words,
    selector_words,
    target_words,
)
from recsys.domain.diff import changed_fields
from recsys.domain.rows import RowOrder
from recsys.domain.rules import AnyRule, ThemeOrder
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window


class FieldChange(NamedTuple):
    """One field of a rule, in words, before and after."""

    name: str
    label: str
    before: str
    after: str


def field_changes(before: AnyRule | None, after: AnyRule | None, names: Names) -> list[FieldChange]:
    """Each field in which two versions of a rule differ, in words."""
    return [
        FieldChange(
            name,
            label(name),
            value_words(getattr(before, name), names),
            value_words(getattr(after, name), names),
        )
        for name in changed_fields(before, after)
    ]


def value_words(value: Any, names: Names) -> str:  # noqa: C901, PLR0911 - one line a type is the plainest form
    """A field's value in words."""
    match value:
        case None | "" | ():
            return "—"
        case bool():
            return _("yes") if value else _("no")
        case ThemeOrder():
            return order_words(value)
        case RowOrder():
            return order_of_rows_words(value)
        case Scope():
            return scope_words(value, names)
        case Window():
            return window_words(value)
        case Target():
            return target_words(value, names)
        case Selector():
            return selector_words(value)
        case tuple():
            return ", ".join(
                names.item(each) if isinstance(each, str) else row_words(each, names) for each in value
            )
        case Mapping():
            return "; ".join(f"{key}: {text}" for key, text in sorted(value.items())) or "—"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
