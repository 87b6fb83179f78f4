"""What an editor should know before going on: other people's work, themes running thin, the switch that is off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from curation_ui import context
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.surfaces.concerns import concerns
from curation_ui.surfaces.ground import Ground
from curation_ui.surfaces.view import View
from recsys.domain.rules import Pin, RuleSet, Theme, theme_id
from recsys.services.drafting import Draft
from recsys.services.preview import Look, Question
from recsys.services.theme_preview import theme_members


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and the place to go on: `route` says which ("publish", "theme", "rules-on", "context")."""

    text: str
    route: str = ""
    slug: str = ""
    tone: str = "warn"


def notices(
    ground: Ground, draft: Draft, seen: Look, view: View, question: Question, person: str
) -> list[Notice]:
    """All notices for the page, the most pressing first."""
    return [
        *_about_view(draft.rules, seen, view),
        *_about_conflicts(draft),
        *_about_others(draft, view.surface, person),
        *_thin_themes(ground, draft.rules, question),
    ]


def _about_view(rules: RuleSet, seen: Look, view: View) -> Iterator[Notice]:
    surface = rules.surface(view.surface)
    if not view.rules:
        text = _("Without pins, themes and boosts: this is the model alone. Vetoes and takedowns still hold.")
        yield Notice(text, "rules-on", tone="info")
    if surface is not None and surface.context and not view.context:
        yield Notice(
            _("This surface stands beside an item. Choose one to see what its shoppers see."),
            "context",
            tone="info",
        )
    if view.market and view.market not in context.markets():
        yield Notice(nobody_there(view.market), tone="info")
    if view.shopper and not seen.known_shopper:
        text = _(
            "Shopper %(id)s is unknown to the live run and sees what any newcomer sees.", id=view.shopper
        )
        yield Notice(text, tone="info")


def _about_conflicts(draft: Draft) -> Iterator[Notice]:
    if draft.conflicts:
        count = len(draft.conflicts)
        yield Notice(
            ngettext(
                "%(num)d change of the draft was overtaken by a publication.",
                "%(num)d changes of the draft were overtaken by a publication.",
                count,
            ),
            "publish",
        )


def _about_others(draft: Draft, surface: str, person: str) -> Iterator[Notice]:
    found = Counter(
        each.author
        for each in draft.changes
        if each.author != person and concerns(each, surface, draft.rules)
    )
    for author, count in found.most_common():
        yield Notice(
            ngettext(
                "%(name)s is in this draft too, with %(num)d change here.",
                "%(name)s is in this draft too, with %(num)d changes here.",
                count,
                name=context.called(author),
            ),
            "publish",
            tone="info",
        )


def _thin_themes(ground: Ground, rules: RuleSet, question: Question) -> Iterator[Notice]:
    """Themes with fewer members that can be shown than slots to fill, as the shopper on the page would have it."""
    slots: Counter[str] = Counter(
        pin.theme
        for pin in rules.of(Pin)
        if pin.theme is not None and not pin.paused and pin.scope.surface in {None, question.surface}
    )
    for theme in rules.of(Theme):
        wanted = slots[theme_id(theme.slug)]
        if not wanted:
            continue
        members = theme_members(ground.shop, ground.state, theme, question, release=ground.draft)
        left = sum(member.status == "ok" for member in members)
        if left < wanted:
            yield Notice(thin_words(theme.title, left, wanted), "theme", theme.slug)


def nobody_there(market: str) -> str:
    """What an editor should know of a market that neither the catalog nor the live run names; perhaps a slip."""
    return _("No item is sold in the market “%(market)s” by name, and no shopper is of it.", market=market)


def thin_words(title: str, left: int, wanted: int) -> str:
    """“Christmas lights” has 2 members that can be shown and 3 slots to fill."""
    return ngettext(
        "“%(title)s” has %(num)d member that can be shown and %(wanted)d slots to fill.",
        "“%(title)s” has %(num)d members that can be shown and %(wanted)d slots to fill.",
        left,
        title=title,
        wanted=wanted,
    )
