"""`GET /v1/recommendations`: one row's slate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from recsys.domain.slates import Placed, Source
from recsys.serving.answers import Recommendations, entity_tag, matches, placed_items
from recsys.serving.cursor import Cursor, encode_cursor
from recsys.serving.http import HttpRequest, HttpResponse, json_response
from recsys.serving.keys import check_allowed
from recsys.serving.meter import Meter
from recsys.serving.parameters import Asked, parse_parameters
from recsys.serving.problems import FieldError
from recsys.serving.questions import Question, notes_on, question_of
from recsys.serving.recommendation_id import RecommendationId, encode_recommendation_id, request_digest
from recsys.settings import Settings
from recsys.slates.answer import Answer, Asker
from recsys.slates.measuring import part_of_rules
from recsys.slates.overlays import LiveKey
from recsys.slates.state import LiveState

_BY_PINS = frozenset({Source.PIN, Source.THEME})
_UNKNOWN_SHOPPER = "not known from training yet, so the shopper's own taste has no part in this answer"


@dataclass(frozen=True, slots=True)
class RecommendationsRoute:
    """Answers from what is in memory alone; `clock` gives the time in UTC."""

    state: Callable[[], LiveState]
    asker: Asker
    clock: Callable[[], datetime]
    cursor_key: bytes
    id_key: bytes
    meter: Meter

    @classmethod
    def of(
        cls, settings: Settings, state: Callable[[], LiveState], clock: Callable[[], datetime], meter: Meter
    ) -> RecommendationsRoute:
        """The route of one installation."""
        cursor_key, id_key = settings.derived_key("cursor"), settings.derived_key("recommendation")
        return cls(state, Asker(settings.identity_key), clock, cursor_key, id_key, meter)

    def get(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """One row's slate, with provenance."""
        asked = parse_parameters(http.query)
        check_allowed(asked, key)
        # The reference is read once: everything below sees one and the same state.
        state = self.state()
        question = question_of(asked, state, self.clock(), self.cursor_key)
        answer = self.asker.answer(state, question.request, question.release)
        self.meter.served(answer.slate.items)
        document = self._document(asked, state, question, answer, key)
        tag = entity_tag(document)
        if matches(http.header("if-none-match"), tag):
            return HttpResponse(304, headers=(("ETag", tag),))
        return json_response(200, document, [("ETag", tag)])

    def _document(
        self, asked: Asked, state: LiveState, question: Question, answer: Answer, key: LiveKey
    ) -> Recommendations:
        notes = notes_on(asked, state, question.release)
        if asked.user_id is not None and not answer.known_shopper:
            notes.append(FieldError("user_id", _UNKNOWN_SHOPPER))
        return Recommendations(
            recommendation_id=self._id(asked, state, question, answer),
            surface=asked.surface,
            row=asked.row,
            release_id=question.release.number,
            run_id=question.release.run_id,
            personalised=answer.slate.personalised,
            items=placed_items(
                answer.slate.items, state.catalog, asked.fields, tells_because=key.tells_because
            ),
            notes=notes,
            next_cursor=self._next_cursor(asked, state, question, answer),
        )

    def _id(self, asked: Asked, state: LiveState, question: Question, answer: Answer) -> str:
        index = question.release.index
        made_from = RecommendationId(
            release=question.release.number,
            catalog_revision=state.catalog.revision,
            overlay_revision=state.overlays.revision,
            moment=question.request.at,
            request=request_digest(asked, self.id_key),
            part=part_of_rules(index, answer.request, answer.slate.items, state.catalog),
        )
        return encode_recommendation_id(made_from, self.id_key)

    def _next_cursor(self, asked: Asked, state: LiveState, question: Question, answer: Answer) -> str | None:
        if not answer.slate.more:
            return None
        items, request = answer.slate.items, question.request
        following = Cursor(
            release=question.release.number,
            at=request.at,
            start=request.start + len(items),
            pins_from=max(request.pins_from, answer.slate.pins_from),
            shown=_seqs(state, items) | (question.cursor.shown if question.cursor else frozenset()),
            pinned=_seqs(state, [each for each in items if each.source in _BY_PINS])
            | (question.cursor.pinned if question.cursor else frozenset()),
        )
        return encode_cursor(following, asked, self.cursor_key)


def _seqs(state: LiveState, placed: list[Placed] | tuple[Placed, ...]) -> frozenset[int]:
    found = (state.catalog.seq_of(each.item_id) for each in placed)
    return frozenset(seq for seq in found if seq is not None)
