"""`GET /v1/pages/{surface}`: all rows of a surface, from the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec

from recsys.domain.errors import Invalid
from recsys.domain.ids import check_id
from recsys.domain.pages import EACH_ROWS_OWN
from recsys.serving.answering import Answering, notes_of, reply
from recsys.serving.answers import placed_items
from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.keys import check_allowed
from recsys.serving.parameters import PAGE, Asked, parse_parameters
from recsys.serving.problems import FieldError
from recsys.serving.questions import Question, no_surface
from recsys.serving.router import path_values
from recsys.slates.measuring import NO_PART, part_of_rules
from recsys.slates.overlays import LiveKey
from recsys.slates.page import Page, TitledRow, answer_page
from recsys.slates.state import LiveState

PAGE_PATH = "/v1/pages/{surface}"


class Row(msgspec.Struct, frozen=True):
    """One row; `items` are objects as `placed_items` makes them."""

    recommendation_id: str
    row: str
    title: str
    kind: str
    items: Sequence[dict[str, Any]]


class PageAnswer(msgspec.Struct, frozen=True):
    """The rows that reach their minimum size."""

    recommendation_id: str
    surface: str
    release_id: int
    run_id: str | None
    personalised: bool
    rows: Sequence[Row]
    notes: Sequence[FieldError]


class Shown(NamedTuple):
    """A page with what it was made from."""

    asked: Asked
    state: LiveState
    question: Question
    page: Page


@dataclass(frozen=True, slots=True)
class PagesRoute:
    """Pages as editors laid them out."""

    answering: Answering

    def get(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """All rows of the surface in the address."""
        (surface,) = path_values(http.path, PAGE_PATH)
        try:
            check_id(surface, "surface")
        except Invalid:
            raise no_surface(surface) from None
        asked = parse_parameters(http.query, PAGE, {"surface": surface, "limit": EACH_ROWS_OWN})
        check_allowed(asked, key)
        state = self.answering.state()
        question = self.answering.question(asked, state)
        settings = question.release.rules.surface(surface)
        if settings is None:
            raise no_surface(surface)
        page = answer_page(self.answering.asker, state, question.request, question.release, settings)
        return reply(http, self._document(Shown(asked, state, question, page), key))

    def _document(self, shown: Shown, key: LiveKey) -> PageAnswer:
        asked, state, question, page = shown
        views = page.views
        return PageAnswer(
            recommendation_id=self.answering.id_of(asked, state, question, NO_PART),
            surface=asked.surface or "",
            release_id=question.release.number,
            run_id=question.release.run_id,
            personalised=page.personalised,
            rows=[self._row(each, shown, key) for each in page.rows],
            notes=notes_of(asked, state, question, known_shopper=views.known_shopper, folded=views.folded),
        )

    def _row(self, titled: TitledRow, shown: Shown, key: LiveKey) -> Row:
        """One row, under an id of its own: positions begin anew in each."""
        settings, slate = titled.row.settings, titled.row.slate
        self.answering.meter.served(slate.items)
        asked = msgspec.structs.replace(shown.asked, row=settings.name)
        merged = replace(shown.page.views.request, row=settings.name)
        part = part_of_rules(shown.question.release.index, merged, slate.items, shown.state.catalog)
        return Row(
            recommendation_id=self.answering.id_of(asked, shown.state, shown.question, part),
            row=settings.name,
            title=titled.title,
            kind=settings.kind.value,
            items=placed_items(
                slate.items, shown.state.catalog, asked.fields, tells_because=key.tells_because
            ),
        )
