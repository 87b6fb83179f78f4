"""A theme's form, read into a theme and filled from one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from werkzeug.datastructures import MultiDict

from curation_ui import forms
from curation_ui.i18n import gettext as _
from recsys.domain.errors import Invalid
from recsys.domain.ids import MAX_SLUG, ItemId
from recsys.domain.rules import Theme, ThemeOrder, theme_id

Form = MultiDict[str, str]


def slug_of(title: str) -> str:
    """A title as it can stand in an address: “Tea for two” becomes “tea-for-two”."""
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-")


def theme_from(form: Form, slug: str, zone: str) -> Theme:
    """The theme that a form describes; `zone` is where its times are meant when it names none.

    Raises:
        Invalid: naming the field that breaks a rule.
    """
    return Theme(
        id=theme_id(slug),
        slug=slug,
        title=forms.text(form, "title"),
        blurb=forms.text(form, "blurb"),
        titles=_by_market(form, "market_title"),
        blurbs=_by_market(form, "market_blurb"),
        picks=items_of(form.getlist("picks")),
        selector=forms.selector_from(form),
        excluded=items_of(form.getlist("excluded")),
        order=_order(form),
        head=forms.whole(form, "head", _("Fixed head")),
        window=forms.window_from(form, zone),
        cover=_cover(form),
        owner=forms.text(form, "owner"),
        notes=forms.text(form, "notes"),
        paused=form.get("paused") == "yes",
    )


def items_of(codes: Iterable[str]) -> tuple[ItemId, ...]:
    """Item ids without repetition, in order."""
    return tuple(ItemId(code) for code in dict.fromkeys(each.strip() for each in codes) if code)


def codes_in(text: str) -> tuple[ItemId, ...]:
    """The codes of a pasted list: one a line, or parted by commas, semicolons or tabs."""
    return items_of(re.split(r"[\n\r,;\t]+", text))


def _order(form: Form) -> ThemeOrder:
    given = forms.text(form, "order", ThemeOrder.HEAD_THEN_MODEL.value)
    try:
        return ThemeOrder(given)
    except ValueError:
        raise Invalid("order", _("choose one of the three orders")) from None


def _cover(form: Form) -> ItemId | None:
    given = forms.optional(form, "cover")
    return ItemId(given) if given else None


def _by_market(form: Form, field: str) -> Mapping[str, str]:
    pairs = zip(form.getlist("market_name"), form.getlist(field), strict=False)
    return {market.strip(): words.strip() for market, words in pairs if market.strip() and words.strip()}
