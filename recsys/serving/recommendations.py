"""`GET` and `POST /v1/recommendations`: one row's slate."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.serving.answering import Answering, notes_of, reply
from recsys.serving.answers import Recommendations, placed_items
from recsys.serving.bodies import read_json
from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.keys import check_allowed
from recsys.serving.parameters import RECOMMENDATIONS_BODY, Asked, parse_body, parse_parameters
from recsys.serving.questions import Question
from recsys.slates.answer import Answer
from recsys.slates.overlays import LiveKey
from recsys.slates.state import LiveState


@dataclass(frozen=True, slots=True)
class RecommendationsRoute:
    """Answers for one row, with provenance."""

    answering: Answering

    def get(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """One row's slate, asked for in the address."""
        return self._answer(http, parse_parameters(http.query), key)

    def post(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """One row's slate, asked for in a JSON body."""
        return self._answer(http, parse_body(read_json(http), RECOMMENDATIONS_BODY), key)

    def _answer(self, http: HttpRequest, asked: Asked, key: LiveKey) -> HttpResponse:
        check_allowed(asked, key)
        # The reference is read once: everything below sees one and the same state.
        state = self.answering.state()
        question = self.answering.question(asked, state)
        answer = self.answering.asker.answer(state, question.request, question.release)
        self.answering.meter.served(answer.slate.items)
        return reply(http, self._document(asked, state, question, answer, key))

    def _document(
        self, asked: Asked, state: LiveState, question: Question, answer: Answer, key: LiveKey
    ) -> Recommendations:
        return Recommendations(
            recommendation_id=self.answering.id_of(
                asked, state, question, answer.request, answer.slate.items
            ),
            surface=asked.surface or "",
            row=asked.row,
            release_id=question.release.number,
            run_id=question.release.run_id,
            personalised=answer.slate.personalised,
            items=placed_items(
                answer.slate.items, state.catalog, asked.fields, tells_because=key.tells_because
            ),
            notes=notes_of(asked, state, question, known_shopper=answer.known_shopper, folded=answer.folded),
            next_cursor=self.answering.next_cursor(asked, state, question, answer.slate),
        )
