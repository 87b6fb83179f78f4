"""`GET /v1/items/{item_id}/similar` and `POST /v1/similar`: what goes with one item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, check_id
from recsys.serving.answering import Answering, notes_of, reply
from recsys.serving.answers import placed_items
from recsys.serving.bodies import read_json
from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.keys import check_allowed
from recsys.serving.parameters import SIMILAR, SIMILAR_BODY, Asked, parse_body, parse_parameters
from recsys.serving.problems import FieldError, bad_field
from recsys.serving.router import path_values
from recsys.slates.measuring import part_of_rules
from recsys.slates.overlays import LiveKey

SIMILAR_PATH = "/v1/items/{item_id}/similar"


class Similar(msgspec.Struct, frozen=True):
    """The answer; `items` are objects as `placed_items` makes them."""

    recommendation_id: str
    item_id: str
    release_id: int
    run_id: str | None
    items: Sequence[dict[str, Any]]
    notes: Sequence[FieldError]


@dataclass(frozen=True, slots=True)
class SimilarRoute:
    """The merge beside one item, on no surface: its neighbours, then fallback."""

    answering: Answering

    def get(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """What goes with the item in the address."""
        (item_id,) = path_values(http.path, SIMILAR_PATH)
        try:
            check_id(item_id, "item_id")
        except Invalid as error:
            raise bad_field("item_id", error.message, HTTPStatus.NOT_FOUND) from None
        return self._answer(
            http, parse_parameters(http.query, SIMILAR, {"context_item": (ItemId(item_id),)}), key
        )

    def post(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """What goes with the item in the body: for ids that do not fit into an address."""
        return self._answer(http, parse_body(read_json(http), SIMILAR_BODY), key)

    def _answer(self, http: HttpRequest, asked: Asked, key: LiveKey) -> HttpResponse:
        check_allowed(asked, key)
        state = self.answering.state()
        question = self.answering.question(asked, state)
        (item_id,) = asked.context_item
        if state.catalog.get(item_id) is None:
            raise bad_field("item_id", "there is no such item in the catalog", HTTPStatus.NOT_FOUND)
        answer = self.answering.asker.answer(state, question.request, question.release)
        self.answering.meter.served(answer.slate.items)
        part = part_of_rules(question.release.index, answer.request, answer.slate.items, state.catalog)
        document = Similar(
            recommendation_id=self.answering.id_of(asked, state, question, part),
            item_id=item_id,
            release_id=question.release.number,
            run_id=question.release.run_id,
            items=placed_items(
                answer.slate.items, state.catalog, asked.fields, tells_because=key.tells_because
            ),
            notes=notes_of(asked, state, question, known_shopper=answer.known_shopper, folded=False),
        )
        return reply(http, document)
