"""The search box of every page: items, themes and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, render_template, request, url_for

from curation_ui import context, words
from recsys.domain.catalog import Item
from recsys.domain.rules import AnyRule, Boost, Pin, SurfaceSettings, Theme, Veto
from recsys.slates.finding import Wanted
from recsys.slates.finding import find as find_in_catalog

SUGGESTED, LISTED, OFFERED = 6, 60, 12

bp = Blueprint("search", __name__, url_prefix="/search")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    items: Sequence[Item]
    themes: Sequence[Theme]
    rules: Sequence[AnyRule]

    def __bool__(self) -> bool:
        return bool(self.items or self.themes or self.rules)


@bp.get("")
def index() -> str:
    """Everything found, on a page of its own."""
    text = request.args.get("q", "").strip()
    return render_template(
        "search/index.html", q=text, found=find(text, LISTED), where=rule_address, pin=pinning_address
    )


@bp.get("/suggest")
def suggest() -> str:
    """The best few of each kind, for the list under the box."""
    text = request.args.get("q", "").strip()
    if not text:
        return ""
    found = find(text, SUGGESTED)
    return render_template(
        "search/suggest.html", q=text, found=found, where=rule_address, pin=pinning_address
    )


@bp.get("/options")
def options() -> str:
    """Items as the options of a field that takes an item's code; the field is called `item_id`."""
    text = request.args.get("item_id", "").strip()
    return render_template("search/options.html", items=items(text, OFFERED))


def find(text: str, limit: int) -> Found:
    """Items by words of the title or the beginning of the id, themes and rules by what they are about."""
    if not text:
        return Found((), (), ())
    rules = context.draft().rules
    themes = [each for each in rules.of(Theme) if _says(text, f"{each.title} {each.slug} {each.blurb}")]
    others = [each for each in rules if isinstance(each, Pin | Veto | Boost) and _about(text, each)]
    return Found(items(text, limit), themes[:limit], others[:limit])


def items(text: str, limit: int) -> list[Item]:
    """Catalog items that have the words of `text`, the popular ones first."""
    return find_in_catalog(context.state(), Wanted(text), limit)


def pinning_address(item_id: str) -> str:
    """The surface page with the item in its search, ready to be pinned: the one that one comes from, else the first."""
    here = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    if here.path.startswith("/surfaces/") and here.netloc == request.host:
        asked = [each for each in parse_qsl(here.query) if each[0] not in {"find", "slot"}]
        return f"{here.path}?{urlencode([*asked, ('find', item_id)])}"
    slugs = [surface.slug for surface in context.draft().rules.of(SurfaceSettings)]
    if not slugs:
        return url_for("surfaces.index")
    return url_for("surfaces.show", slug="home" if "home" in slugs else slugs[0], find=item_id)


def rule_address(rule: AnyRule) -> str:
    """The page on which a rule is seen and changed."""
    match rule:
        case Theme():
            return url_for("themes.show", slug=rule.slug)
        case SurfaceSettings():
            return url_for("surfaces.show", slug=rule.slug)
        case Veto():
            return url_for("vetoes.index", _anchor=f"rule-{rule.id}")
        case _ if rule.scope.surface is not None:
            return url_for("surfaces.show", slug=rule.scope.surface, _anchor=f"rule-{rule.id}")
        case _:
            return url_for("rules.edit", rule=rule.id)


def _about(text: str, rule: AnyRule) -> bool:
    names = context.names()
    reason = rule.reason if isinstance(rule, Veto) else ""
    return _says(text, f"{words.rule_words(rule, names)} {rule.id} {rule.notes} {reason}")


def _says(text: str, said: str) -> bool:
    lower = said.lower()
    return all(word in lower for word in text.lower().split())
