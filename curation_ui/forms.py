"""Reading forms: text into the values of the domain, with errors that name the field and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from curation_ui.i18n import gettext as _
from curation_ui.moments import from_field
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, UserId
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window

Form = Mapping[str, str]


def text(form: Form, name: str, default: str = "") -> str:
    """A field's text without spaces around it."""
    return form.get(name, default).strip()


def optional(form: Form, name: str) -> str | None:
    """A field's text, None when it is empty."""
    return text(form, name) or None


def whole(form: Form, name: str, label: str | None = None) -> int | None:
    """A whole number, None when the field is empty."""
    given = text(form, name)
    if not given:
        return None
    try:
        return int(given)
    except ValueError:
        raise Invalid(label or name, _("give a whole number, not “%(given)s”", given=given)) from None


def decimal(form: Form, name: str, label: str | None = None) -> float | None:
    """A number, None when the field is empty; a decimal comma is understood."""
    given = text(form, name)
    if not given:
        return None
    try:
        return float(given.replace(",", "."))
    except ValueError:
        raise Invalid(label or name, _("give a number, not “%(given)s”", given=given)) from None


def listed(form: Form, name: str) -> tuple[str, ...]:
    """What a field lists, parted by commas or line ends, each once, in order."""
    parts = text(form, name).replace("\n", ",").replace(";", ",").split(",")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def selector_from(form: Form, prefix: str = "") -> Selector | None:
    """The selector of a form's `selector_…` fields, None when all of them are empty."""
    start = f"{prefix}selector_"
    parts = {
        "tags": listed(form, f"{start}tags"),
        "price_min": decimal(form, f"{start}price_min", _("Price from")),
        "price_max": decimal(form, f"{start}price_max", _("Price up to")),
        "min_age_days": whole(form, f"{start}min_age_days", _("At least days old")),
        "max_age_days": whole(form, f"{start}max_age_days", _("Newer than days")),
        "market": optional(form, f"{start}market"),
        "group_id": optional(form, f"{start}group_id"),
    }
    if not any(value not in (None, ()) for value in parts.values()):
        return None
    return Selector(**parts)  # type: ignore[arg-type]  # the dictionary is built from the matching readers above


def target_from(form: Form, prefix: str = "") -> Target:
    """What a veto, boost or takedown acts on: the field `item_id`, else the selector."""
    item_id = optional(form, f"{prefix}item_id")
    return Target(ItemId(item_id)) if item_id else Target(selector=selector_from(form, prefix))


def scope_from(form: Form, prefix: str = "") -> Scope:
    """The scope of a form's `scope_…` fields; `scope_context_tags` makes a context selector."""
    start = f"{prefix}scope_"
    context_item, user = optional(form, f"{start}context_item"), optional(form, f"{start}user")
    tags = listed(form, f"{start}context_tags")
    return Scope(
        surface=optional(form, f"{start}surface"),
        row=optional(form, f"{start}row"),
        context_item=ItemId(context_item) if context_item else None,
        context_selector=Selector(tags=tags) if tags else None,
        market=optional(form, f"{start}market"),
        segment=optional(form, f"{start}segment"),
        user=UserId(user) if user else None,
    )


def window_from(form: Form, default_zone: str, prefix: str = "") -> Window:
    """The window of a form's `window_start`, `window_end` and `window_zone`, which are wall-clock times in the zone."""
    zone = text(form, f"{prefix}window_zone") or default_zone
    start = from_field(text(form, f"{prefix}window_start"), zone, _("From"))
    end = from_field(text(form, f"{prefix}window_end"), zone, _("Until"))
    return Window(start, end, zone)


def day_from(form: Form, name: str, zone: str) -> datetime | None:
    """The UTC moment at which a day of a `date` field begins in `zone`, None when it is empty."""
    given = text(form, name)
    return from_field(f"{given}T00:00", zone, name) if given else None
