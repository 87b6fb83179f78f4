"""`GET /v1/themes` and `GET /v1/themes/{slug}`: curated collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from recsys.domain.live import theme_is_live
from recsys.domain.merge import merge
from recsys.domain.rules import Theme
from recsys.domain.slates import Slate
from recsys.domain.theme_pages import ThemePageRules, live_themes, theme_size
from recsys.serving.answering import Answering, notes_of, reply
from recsys.serving.answers import placed_items
from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.keys import check_allowed
from recsys.serving.parameters import THEME, THEMES, parse_parameters
from recsys.serving.problems import FieldError, bad_field
from recsys.serving.questions import Question
from recsys.serving.router import path_values
from recsys.slates.answer import Views
from recsys.slates.measuring import part_of_rules
from recsys.slates.overlays import LiveKey
from recsys.slates.state import LiveState

THEME_PATH = "/v1/themes/{slug}"


class ThemeLine(msgspec.Struct, frozen=True):
    """One theme of the list; `size` counts the members that may be shown, `cover` is the item that stands for it."""

    slug: str
    title: str
    blurb: str
    size: int
    cover: str | None


class ThemeList(msgspec.Struct, frozen=True):
    """The answer of the list, by slug."""

    release_id: int
    themes: Sequence[ThemeLine]
    notes: Sequence[FieldError]
    next_cursor: str | None


class ThemeAnswer(msgspec.Struct, frozen=True):
    """One theme with its members; `items` are objects as `placed_items` makes them."""

    recommendation_id: str
    slug: str
    title: str
    blurb: str
    cover: str | None
    release_id: int
    run_id: str | None
    personalised: bool
    items: Sequence[dict[str, Any]]
    notes: Sequence[FieldError]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ThemesRoute:
    """Collections as the market calls them, each in its own order for the shopper."""

    answering: Answering

    def list(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """The themes that are live."""
        asked = parse_parameters(http.query, THEMES)
        check_allowed(asked, key)
        state = self.answering.state()
        question = self.answering.question(asked, state)
        views = self.answering.asker.views(state, question.request, question.release)
        found = live_themes(question.release.rules, views.request)
        first = question.request.start - 1
        page = found[first : first + asked.limit]
        # The place in the list is all that its cursor needs, and slates have one too.
        seen = Slate((), personalised=False, more=len(found) > first + len(page))
        document = ThemeList(
            release_id=question.release.number,
            themes=[_line(theme, state, question, views) for theme in page],
            notes=notes_of(asked, state, question, known_shopper=views.known_shopper, folded=False),
            next_cursor=self.answering.next_cursor(asked, state, question, seen, passed=len(page)),
        )
        return reply(http, document)

    def get(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """One theme with its members."""
        (slug,) = path_values(http.path, THEME_PATH)
        asked = parse_parameters(http.query, THEME, {"address": f"themes/{slug}"})
        check_allowed(asked, key)
        state = self.answering.state()
        question = self.answering.question(asked, state)
        views = self.answering.asker.views(state, question.request, question.release)
        theme = _theme(slug, question)
        rules = ThemePageRules(state.rules_of(question.release), theme)
        slate = merge(views.candidates, rules, views.request, state.shop_view)
        self.answering.meter.served(slate.items)
        part = part_of_rules(question.release.index, views.request, slate.items, state.catalog)
        document = ThemeAnswer(
            recommendation_id=self.answering.id_of(asked, state, question, part),
            slug=theme.slug,
            title=theme.title_in(views.request.market),
            blurb=theme.blurb_in(views.request.market),
            cover=theme.cover,
            release_id=question.release.number,
            run_id=question.release.run_id,
            personalised=slate.personalised,
            items=placed_items(slate.items, state.catalog, asked.fields, tells_because=key.tells_because),
            notes=notes_of(asked, state, question, known_shopper=views.known_shopper, folded=False),
            next_cursor=self.answering.next_cursor(asked, state, question, slate),
        )
        return reply(http, document)


def _theme(slug: str, question: Question) -> Theme:
    """The live theme at a slug. Raises `Problem` (404) for an unknown one, and one that is not to be shown now."""
    theme = question.release.rules.theme(slug)
    if theme is None or not theme_is_live(theme, question.request.at):
        raise bad_field("slug", "there is no such theme just now; see /v1/themes", HTTPStatus.NOT_FOUND)
    return theme


def _line(theme: Theme, state: LiveState, question: Question, views: Views) -> ThemeLine:
    market, rules = views.request.market, state.rules_of(question.release)
    return ThemeLine(
        slug=theme.slug,
        title=theme.title_in(market),
        blurb=theme.blurb_in(market),
        size=theme_size(theme, views.candidates, rules, views.request, state.shop_view),
        cover=theme.cover,
    )
