"""The next seven days in words: what will break, when, and where it is mended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from flask import url_for

from curation_ui import context, words
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.moments import day, moment, to_field
from curation_ui.search import rule_address
from curation_ui.waiting import FEWEST_MEMBERS
from recsys.domain.foresight import Break, BreakKind
from recsys.domain.rules import AnyRule, Boost, Pin, RuleSet, SurfaceSettings, Theme, Veto, kind_of
from recsys.domain.windows import zone_of
from recsys.services.foresight import foresee

STEP = timedelta(minutes=10)
"""Looks within one step see the same week, so that a page need not replay it anew."""
KEPT = 8
SHOWN = 40
"""Breaks listed on the desk, the nearest first."""
_kept: dict[tuple[object, ...], Sequence[Break]] = {}


@dataclass(frozen=True, slots=True)
class Coming:
    """One thing that will break: when, what it means, where it is mended, and what the draft does about it."""

    at: datetime
    clock: str
    sign: str
    kind: str
    title: str
    text: str
    address: str
    look: str
    item_id: str | None
    draft: str


def week() -> tuple[list[tuple[str, list[Coming]]], int]:
    """What breaks in the next seven days under the live rules or under the draft's, by day; and how many are not listed."""
    every = sorted(_both(), key=lambda each: each[0].at)
    found = [_coming(each, draft) for each, draft in every[:SHOWN]]
    zone = context.zone()
    days = groupby(found, key=lambda each: each.at.astimezone(zone_of(zone)).date())
    listed = [(day(rest[0].at, zone), rest) for _day, grouped in days for rest in [list(grouped)]]
    return listed, len(every) - len(found)


def _both() -> Iterator[tuple[Break, str]]:
    """Breaks of what is live and of the draft; the draft mends some and makes others."""
    draft = context.draft()
    live = {_key(each): each for each in _replayed("live", draft.live)}
    drafted = (
        live if draft.live == draft.rules else {_key(each): each for each in _replayed("draft", draft.rules)}
    )
    for key, each in live.items():
        yield each, "" if key in drafted else "mended"
    for key, each in drafted.items():
        if key not in live:
            yield each, "made"


def _replayed(which: str, rules: RuleSet) -> Sequence[Break]:
    """The breaks of some rules; kept for as long as nothing that they depend on has changed."""
    state, draft = context.state(), context.draft()
    start = datetime.fromtimestamp(
        context.now().timestamp() // STEP.total_seconds() * STEP.total_seconds(), context.now().tzinfo
    )
    run = state.release.run_id if state.release is not None else None
    url = context.shop().settings.database_url
    moving = draft.revision if which == "draft" else 0
    key = (url, which, draft.live_number, moving, run, state.catalog.revision, state.overlays.revision, start)
    if key not in _kept:
        while len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = foresee(state, rules, start, zone=context.zone(), fewest=FEWEST_MEMBERS)
    return [each for each in _kept[key] if each.at > context.now()]


def _key(each: Break) -> tuple[object, ...]:
    return (each.at, each.kind, each.rule.id, each.slot, each.row)


def _coming(found: Break, draft: str) -> Coming:
    title, text = _words(found)
    rule = found.rule
    sign = "☑" if found.kind is BreakKind.REVIEW else words.KIND_SIGNS[kind_of(rule)]
    clock = moment(found.at, context.zone(), with_zone=False).rpartition(", ")[2]
    item = found.item_id or (rule.item_id if isinstance(rule, Pin) else None)
    return Coming(found.at, clock, sign, found.kind, title, text, _address(rule), _then(found), item, draft)


def _address(rule: AnyRule) -> str:
    """Where the rule is changed."""
    if isinstance(rule, Pin | Veto | Boost):
        return url_for("rules.edit", rule=rule.id) if rule.id in context.draft().rules else rule_address(rule)
    return rule_address(rule)


def _then(found: Break) -> str:
    """The surface page at the moment of the break, as those see it who are concerned; empty where there is none."""
    rule = found.rule
    if isinstance(rule, SurfaceSettings):
        slug, asked = rule.slug, {}
    elif isinstance(rule, Pin) and rule.scope.surface is not None:
        scope = rule.scope
        slug = scope.surface or ""
        asked = {
            "market": scope.market,
            "segment": scope.segment,
            "as": scope.user,
            "context": scope.context_item,
        }
    else:
        return ""
    given = {name: value for name, value in asked.items() if value}
    at = to_field(found.at + timedelta(minutes=1), context.zone())
    return url_for("surfaces.show", slug=slug, _external=False, at=at, zone=context.zone(), **given)


def _words(found: Break) -> tuple[str, str]:  # noqa: PLR0911 - one line a kind is the plainest form
    names, rule = context.names(), found.rule
    subject = words.subject_words(rule, names)
    place = words.scope_words(rule.scope, names) if isinstance(rule, Pin | Veto | Boost) else ""
    match found.kind:
        case BreakKind.GAP:
            return _("Slot %(slot)d loses its pin", slot=found.slot or 0), f"{_why(found)} {place}."
        case BreakKind.EMPTY_ROW:
            return _row_words(found, subject)
        case BreakKind.NOT_THERE:
            text = _(
                "It has nothing to show in slot %(slot)d then. %(place)s.", slot=found.slot or 0, place=place
            )
            return _("The pin of %(subject)s begins in vain", subject=subject), text
        case BreakKind.RUNS_OUT:
            text = _("At the present rate. Another pin takes slot %(slot)d.", slot=found.slot or 0)
            return _("%(item)s is sold out", item=names.item(found.item_id or "")), text
        case BreakKind.THIN:
            text = ngettext(
                "%(num)d member can be bought then, %(needed)d are wanted.",
                "%(num)d members can be bought then, %(needed)d are wanted.",
                found.left or 0,
                needed=found.needed or 0,
            )
            return _("“%(title)s” runs thin", title=subject), text
        case BreakKind.ENDS:
            return _("%(rule)s ends", rule=words.rule_words(rule, names)), f"{place}." if place else ""
        case BreakKind.REVIEW:
            owner = context.called(rule.owner or rule.author)
            return _("Review %(rule)s", rule=words.rule_words(rule, names)), _(
                "%(owner)s looks after it.", owner=owner
            )


def _row_words(found: Break, surface: str) -> tuple[str, str]:
    row = found.rule.row(found.row or "") if isinstance(found.rule, SurfaceSettings) else None
    called = words.row_words(row, context.names()) if row is not None else found.row or ""
    title = _("%(surface)s loses the row “%(row)s”", surface=surface, row=called)
    if isinstance(found.by, Theme):
        return title, _("The time of its theme is over.")
    return title, _("Its theme has too little left to show.")


def _why(found: Break) -> str:
    names, pin = context.names(), found.rule
    item = names.item(found.item_id or "")
    if isinstance(found.by, Veto):
        return _("%(item)s is vetoed from then on: “%(reason)s”.", item=item, reason=found.by.reason)
    if isinstance(found.by, Theme):
        return _("The time of the theme %(title)s is over.", title=found.by.title)
    if isinstance(pin, Pin) and not pin.window.holds(found.at):
        return _(
            "The time of %(subject)s is over, and no other pin waits.",
            subject=words.subject_words(pin, names),
        )
    if isinstance(pin, Pin) and pin.theme is not None:
        return _("The theme %(title)s has nothing left to show.", title=names.theme(pin.theme))
    return _("%(item)s is sold out at the present rate, or no longer to be had.", item=item)
