"""What needs a person now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flask import url_for

from curation_ui import context, proposals, words
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from recsys.domain.ids import ItemId
from recsys.domain.rules import Pin, Theme
from recsys.domain.statuses import review_due
from recsys.services.standing import conflicts
from recsys.services.takedowns import standing as standing_takedowns
from recsys.storage.runs import RunInfo
from recsys.storage.takedowns import Takedown

FEWEST_MEMBERS = 6
"""A theme with fewer members that can be bought is called thin; one page of a narrow carousel."""

SHOWN = 3
"""Rules named one by one where several are meant."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to look at: what it is, what it means, and the place to mend it."""

    kind: str
    sign: str
    title: str
    text: str
    address: str
    action: str
    items: tuple[str, ...] = ()


def waiting() -> list[Matter]:
    """Everything that waits, the most pressing first."""
    return context.once(
        "waiting",
        lambda: [*_proposals(), *_runs(), *_moved(), *_gone(), *_overdue(), *_thin(), *_disputed()],
    )


def runs_to_review() -> list[RunInfo]:
    """The runs that are trained and neither accepted nor rejected, newest first."""
    return context.once("runs_to_review", _read_ready)


def takedowns() -> list[Takedown]:
    """The takedowns that act, newest first."""
    return context.once("takedowns", lambda: standing_takedowns(context.shop()))


def available_members(theme: Theme) -> Collection[ItemId]:
    """The members of a theme that can be bought somewhere and are not taken down."""
    state, at = context.state(), context.now()
    members = set(theme.picks)
    if theme.selector is not None:
        members |= set(state.catalog.members(theme.selector, at))
    sellable = state.shop_view.sellable(None, at)
    return {item_id for item_id in members - set(theme.excluded) if sellable(item_id)}


def _proposals() -> Iterator[Matter]:
    """What a publisher is asked to publish, and what came back to whoever is asked for it."""
    for each in proposals.waiting():
        mine, address = each.author == context.me(), url_for("publishing.review", proposal=each.id)
        names = {"who": context.called(each.author), "by": context.called(each.decided_by or "")}
        if each.status == "open" and context.may("publish"):
            title = ngettext(
                "%(who)s proposes %(num)d change",
                "%(who)s proposes %(num)d changes",
                len(each.changes),
                **names,
            )
            yield Matter(
                "proposal", "✎", title, each.comment or _("Without a comment."), address, _("Review")
            )
        elif each.status == "returned" and mine:
            title = _("%(by)s handed back what you proposed", **names)
            yield Matter("proposal", "✎", title, f"“{each.word}”", address, _("Look"))
        elif each.status == "failed" and (mine or context.may("publish")):
            title = _("A publication planned by %(who)s did not take place", **names)
            yield Matter("conflict", "⇄", title, each.word, address, _("Look"))


def _read_ready() -> list[RunInfo]:
    with context.shop().database.read() as unit:
        return list(reversed(unit.runs.with_status("ready")))


def _runs() -> Iterator[Matter]:
    for run in runs_to_review():
        gate = (
            _("It passed the quality gate.")
            if run.gate.get("passed", True)
            else _("It did not pass the quality gate.")
        )
        yield Matter(
            "run",
            "◌",
            _("Run %(id)s waits for review", id=run.id),
            gate,
            url_for("runs.show", run_id=run.id),
            _("Review"),
        )


def _moved() -> Iterator[Matter]:
    for conflict in context.draft().conflicts:
        change = conflict.change
        what = words.draft_change_words(change, context.names())
        text = _(
            "%(who)s %(what)s, but the rule was published differently since.",
            who=context.called(change.author),
            what=what,
        )
        address = url_for("changes.show", change_id=change.id)
        yield Matter("conflict", "⇄", _("A drafted change no longer fits"), text, address, _("Settle"))


def _gone() -> Iterator[Matter]:
    at, names = context.now(), context.names()
    for pin in context.draft().rules.of(Pin):
        over = pin.paused or (pin.window.end is not None and pin.window.end <= at)
        if pin.item_id is None or over:
            continue
        if not context.state().shop_view.sellable(pin.scope.market, at)(pin.item_id):
            yield Matter(
                "gone",
                "⚑",
                _("%(title)s is pinned but not available", title=names.item(pin.item_id)),
                _("Slot %(slot)d goes to the next item until it is back.", slot=pin.slot),
                _place(pin),
                _("Look"),
                (pin.item_id,),
            )


def _overdue() -> Iterator[Matter]:
    due = [rule for rule in context.draft().rules if review_due(rule, context.now(), context.zone())]
    if due:
        names = context.names()
        title = ngettext("%(num)d rule is to be reviewed", "%(num)d rules are to be reviewed", len(due))
        text = ", ".join(words.rule_words(rule, names) for rule in due[:SHOWN])
        more = len(due) - SHOWN
        text += _(" and %(n)d more", n=more) if more > 0 else ""
        address = url_for("rules.index", review="due")
        yield Matter("review", "☑", title, f"{text}.", address, _("Review"))


def _thin() -> Iterator[Matter]:
    slots = Counter(
        pin.theme for pin in context.draft().rules.of(Pin) if pin.theme is not None and not pin.paused
    )
    for theme in context.draft().rules.of(Theme):
        left, needed = len(available_members(theme)), max(FEWEST_MEMBERS, slots[theme.id])
        if left < needed and not theme.paused:
            text = ngettext(
                "%(num)d member can be bought, %(needed)d are wanted.",
                "%(num)d members can be bought, %(needed)d are wanted.",
                left,
                needed=needed,
            )
            title = _("“%(title)s” is running thin", title=theme.title)
            yield Matter("thin", "❖", title, text, url_for("themes.show", slug=theme.slug), _("Add members"))


def _disputed() -> Iterator[Matter]:
    names = context.names()
    for conflict in conflicts(context.draft().rules, context.now()):
        winner, loser = conflict.winner, conflict.loser
        title = _("Two pins want slot %(slot)d", slot=winner.slot)
        text = _(
            "%(winner)s wins over %(loser)s where both hold.",
            winner=words.subject_words(winner, names),
            loser=words.subject_words(loser, names),
        )
        found = tuple(each.item_id for each in (winner, loser) if each.item_id is not None)
        yield Matter("pins", "⚑", title, text, _place(loser), _("Look"), found)


def _place(pin: Pin) -> str:
    """The surface page on which a pin is seen, as somebody whom it concerns."""
    scope, anchor = pin.scope, f"rule-{pin.id}"
    if scope.surface is None:
        return url_for("surfaces.index", _anchor=anchor)
    asked = {
        "market": scope.market,
        "segment": scope.segment,
        "as": scope.user,
        "context": scope.context_item,
    }
    given = {name: value for name, value in asked.items() if value}
    return url_for("surfaces.show", slug=scope.surface, _anchor=anchor, _external=False, **given)
