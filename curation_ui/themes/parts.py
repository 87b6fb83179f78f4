"""A theme as three shoppers would meet it, while one works on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request

from curation_ui import context, forms
from curation_ui.errors import invalid_words
from curation_ui.themes.blueprint import bp
from curation_ui.themes.facts import members_for
from curation_ui.themes.form import theme_from
from recsys.domain.errors import Invalid, RecsysError, Unavailable
from recsys.domain.rules import Theme
from recsys.services.samples import sample_shoppers
from recsys.services.theme_preview import ThemeMember

SHOWN, SHOPPERS = 30, 3


@dataclass(frozen=True, slots=True)
class Seen:
    """A theme as one shopper (None: anybody) would meet it."""

    user: str | None
    members: Sequence[ThemeMember]

    @property
    def shown(self) -> Sequence[ThemeMember]:
        """The first members that the shopper would be shown, and what keeps others away; the page says how many more."""
        return self.members[:SHOWN]

    @property
    def available(self) -> int:
        """How many members this shopper could be shown."""
        return sum(member.status == "ok" for member in self.members)


@dataclass(frozen=True, slots=True)
class Preview:
    """A theme side by side as some shoppers would meet it."""

    theme: Theme
    seen: Sequence[Seen]
    selected: Sequence[str]

    @classmethod
    def of(cls, theme: Theme, users: Sequence[str | None], market: str | None) -> Preview:
        """The preview, with what the theme's selector holds now. Raises Unavailable before the first run."""
        held = (
            context.state().catalog.members(theme.selector, context.now())
            if theme.selector is not None
            else ()
        )
        return cls(theme, [Seen(user, members_for(theme, user, market)) for user in users], list(held))


def first_shoppers() -> Sequence[str | None]:
    """Anybody, and two of the run's samples who differ in how much they bought."""
    samples = [each.user_id for each in sample_shoppers(context.shop(), context.state())]
    chosen = [None, *(samples[len(samples) // 2 :: max(1, len(samples) // 2 - 1)][:2] if samples else ())]
    return [*chosen, *[None] * (SHOPPERS - len(chosen))][:SHOPPERS]


@bp.post("/preview")
def preview() -> str:
    """What the form as it stands would show to the shoppers chosen beside it; nothing is saved."""
    try:
        theme = theme_from(request.form, forms.text(request.form, "slug"), context.zone())
        users = [each.strip() or None for each in request.form.getlist("preview_user")[:SHOPPERS]]
        found = Preview.of(theme, users or [None], forms.optional(request.form, "preview_market"))
    except Unavailable as error:
        return render_template("themes/preview.html", preview=None, problem=str(error))
    except RecsysError as error:
        words = invalid_words(error) if isinstance(error, Invalid) else str(error)
        return render_template("themes/preview.html", preview=None, problem=words)
    return render_template("themes/preview.html", preview=found, problem="")
