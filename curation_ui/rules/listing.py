"""Which rules are listed, and what is said about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from curation_ui import context, forms, words
from curation_ui.i18n import gettext as _
from curation_ui.rules.sentences import scope_sentence
from recsys.domain.rules import AnyRule, Boost, Pin, RuleSet, SurfaceSettings, Theme, Veto, kind_of
from recsys.domain.selectors import Target
from recsys.domain.statuses import Standing, Status, review_due, standings
from recsys.services.drafting import rule_token
from recsys.services.standing import covered_by, shelf_of

PAGE = 100
NOWHERE = "-"
"""Asks for the rules that hold on every surface."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rules are asked for; the empty string asks for all."""

    q: str = ""
    kind: str = ""
    surface: str = ""
    status: str = ""
    owner: str = ""
    review: str = ""
    page: int = 1

    def arguments(self, **changes: object) -> dict[str, object]:
        """The question as parameters of an address, with some of them changed."""
        asked = replace(self, **changes)  # type: ignore[arg-type]  # the fields' own names
        given = {name: getattr(asked, name) for name in self.__slots__}
        return {name: value for name, value in given.items() if value and (name, value) != ("page", 1)}

    @property
    def narrowed(self) -> bool:
        """Whether something narrows the list."""
        return bool(set(self.arguments()) - {"page"})


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of the list: how it stands, the token that an edit carries, what the draft does to it, and its review."""

    standing: Standing
    token: str
    change: str | None
    due: bool

    @property
    def rule(self) -> AnyRule:
        """The rule itself."""
        return self.standing.rule

    @property
    def value(self) -> str:
        """How a form names the rule as it was seen: the token, a blank, the id."""
        return f"{self.token} {self.rule.id}"


@dataclass(frozen=True, slots=True)
class Listing:
    """The rules asked for: those of one page, how many there are in all, and how many of each status without the filter."""

    asked: Asked
    lines: Sequence[Line]
    found: int
    total: int
    statuses: Mapping[str, int]
    due: int
    clashing: int

    @property
    def pages(self) -> int:
        """How many pages the rules found fill."""
        return max(1, -(-self.found // PAGE))


def asked_for(args: Mapping[str, str]) -> Asked:
    """The question of an address."""
    named = {name: forms.text(args, name) for name in ("q", "kind", "surface", "status", "owner", "review")}
    page = forms.text(args, "page")
    return Asked(**named, page=max(1, int(page[:6])) if page.isdecimal() else 1)


def listing(asked: Asked) -> Listing:
    """The rules that an address asks for, those that need a person first."""
    stood = stand(context.draft().rules)
    apart = [each for each in stood if _fits(each, replace(asked, status="", review=""))]
    found = [each for each in apart if _has_status(each, asked)]
    found.sort(key=_order)
    asked = replace(asked, page=min(asked.page, max(1, -(-len(found) // PAGE))))
    shown = found[(asked.page - 1) * PAGE : asked.page * PAGE]
    return Listing(
        asked,
        [_line(each) for each in shown],
        len(found),
        len(stood),
        Counter(str(each.status) for each in apart),
        sum(_due(each.rule) for each in apart),
        sum(bool(each.over or each.under) for each in apart),
    )


def matching(asked: Asked) -> list[AnyRule]:
    """All rules that an address asks for, on whichever page."""
    stood = stand(context.draft().rules)
    return [each.rule for each in stood if _fits(each, asked) and _has_status(each, asked)]


def stand(rules: RuleSet) -> list[Standing]:
    """How the rules of a set stand now."""
    at = context.now()
    return standings(rules, at, shelf_of(context.state(), at))


def owners() -> list[str]:
    """Whoever owns a rule of the draft, sorted."""
    return sorted({rule.owner for rule in context.draft().rules if rule.owner})


def status_words() -> dict[str, str]:
    """What each status is called."""
    return {
        Status.LIVE: _("live"),
        Status.SCHEDULED: _("scheduled"),
        Status.EXPIRED: _("expired"),
        Status.PAUSED: _("paused"),
        Status.SUSPENDED: _("suspended: nothing to show"),
        Status.OVERRULED: _("overruled"),
    }


def kinds() -> dict[str, str]:
    """The kinds of rules by name."""
    return {
        "pin": _("Pins"),
        "veto": _("Vetoes"),
        "boost": _("Boosts and buries"),
        "theme": _("Themes"),
        "surface": _("Surfaces"),
    }


def held_by(target: Target) -> Sequence[str]:
    """The items that a target holds now."""
    return covered_by(target, context.state(), context.now())


def _line(standing: Standing) -> Line:
    draft, rule = context.draft(), standing.rule
    live = draft.live.get(rule.id)
    change = "new" if live is None else "changed" if live != rule else None
    return Line(standing, rule_token(draft, rule.id), change, _due(rule))


def _due(rule: AnyRule) -> bool:
    return review_due(rule, context.now(), context.zone())


_ORDER = (Status.SUSPENDED, Status.OVERRULED, Status.LIVE, Status.SCHEDULED, Status.PAUSED, Status.EXPIRED)
_KINDS: tuple[type[AnyRule], ...] = (Pin, Boost, Veto, Theme, SurfaceSettings)


def _order(standing: Standing) -> tuple[object, ...]:
    rule = standing.rule
    return (
        not _due(rule),
        _ORDER.index(standing.status),
        _KINDS.index(type(rule)),
        rule.slot if isinstance(rule, Pin) else 0,
        rule.id,
    )


def _has_status(standing: Standing, asked: Asked) -> bool:
    if asked.review == "due" and not _due(standing.rule):
        return False
    if asked.status == "conflict":
        return bool(standing.over or standing.under)
    return asked.status in {"", standing.status}


def _fits(standing: Standing, asked: Asked) -> bool:
    rule = standing.rule
    tests: tuple[Callable[[], bool], ...] = (
        lambda: asked.kind in {"", kind_of(rule)},
        lambda: asked.owner in {"", rule.owner},
        lambda: not asked.surface or _surface(rule) == asked.surface,
        lambda: _says(rule, asked.q),
    )
    return all(test() for test in tests)


def _surface(rule: AnyRule) -> str:
    match rule:
        case Pin() | Veto() | Boost():
            return rule.scope.surface or NOWHERE
        case SurfaceSettings():
            return rule.slug
        case _:
            return NOWHERE


def _says(rule: AnyRule, text: str) -> bool:
    if not text:
        return True
    names = context.names()
    said = [words.rule_words(rule, names), rule.id, rule.notes, rule.owner, context.called(rule.owner)]
    if isinstance(rule, Pin | Veto | Boost):
        said.append(scope_sentence(rule.scope, names))
        said.append((rule.item_id if isinstance(rule, Pin) else rule.target.item_id) or "")
    if isinstance(rule, Veto):
        said.append(rule.reason)
    whole = " ".join(said).casefold()
    return all(word in whole for word in text.casefold().split())
