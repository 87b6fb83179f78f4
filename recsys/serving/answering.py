"""What all addresses that answer with items share: the live state, the time, the id of an answer, the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from recsys.domain.slates import Placed, Slate, Source
from recsys.serving.answers import entity_tag, matches
from recsys.serving.cursor import Cursor, encode_cursor
from recsys.serving.http import HttpRequest, HttpResponse, json_response
from recsys.serving.meter import Meter
from recsys.serving.parameters import Asked
from recsys.serving.problems import FieldError
from recsys.serving.questions import Question, notes_on, question_of, release_of
from recsys.serving.recommendation_id import RecommendationId, encode_recommendation_id, request_digest
from recsys.settings import Settings
from recsys.slates.answer import Asker
from recsys.slates.measuring import Part
from recsys.slates.state import LiveState

_BY_PINS = frozenset({Source.PIN, Source.THEME})
_UNKNOWN_SHOPPER = "not known from training yet, so the shopper's own taste has no part in this answer"
_FOLDED_SHOPPER = "not known from training yet; the answer goes by the items sent along and by recent events"


@dataclass(frozen=True, slots=True)
class Answering:
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
    ) -> Answering:
        """The parts of one installation."""
        asker = Asker(settings.identity_key)
        cursor_key, id_key = settings.derived_key("cursor"), settings.derived_key("recommendation")
        return cls(state, asker, clock, cursor_key, id_key, meter)

    def question(self, asked: Asked, state: LiveState) -> Question:
        """The question behind what was asked. Raises `Problem`, see `release_of`."""
        release, cursor = release_of(asked, state, self.cursor_key)
        known = self.asker.known(asked.user_id, release)
        return question_of(asked, state, self.clock(), release, cursor, known)

    def id_of(self, asked: Asked, state: LiveState, question: Question, part: Part) -> str:
        """The id of the answer to `asked`, in which rules had part."""
        made_from = RecommendationId(
            release=question.release.number,
            catalog_revision=state.catalog.revision,
            overlay_revision=state.overlays.revision,
            moment=question.request.at,
            request=request_digest(asked, self.id_key),
            part=part,
        )
        return encode_recommendation_id(made_from, self.id_key)

    def next_cursor(
        self, asked: Asked, state: LiveState, question: Question, slate: Slate, *, passed: int | None = None
    ) -> str | None:
        """Where the next page goes on; None when nothing follows.

        `passed`: how many places this page took, where they are not the slate's items.
        """
        if not slate.more:
            return None
        by_pins = [each for each in slate.items if each.source in _BY_PINS]
        return self.cursor_after(
            asked,
            question,
            passed=len(slate.items) if passed is None else passed,
            pins_from=slate.pins_from,
            shown=_seqs(state, slate.items),
            pinned=_seqs(state, by_pins),
        )

    def cursor_after(
        self,
        asked: Asked,
        question: Question,
        *,
        passed: int,
        pins_from: int,
        shown: frozenset[int],
        pinned: frozenset[int],
    ) -> str:
        """The cursor after a page that took some places; `shown` and `pinned` are the catalog's sequence numbers."""
        request, before = question.request, question.cursor
        following = Cursor(
            release=question.release.number,
            at=request.at,
            start=request.start + passed,
            pins_from=max(request.pins_from, pins_from),
            shown=shown if before is None else shown | before.shown,
            pinned=pinned if before is None else pinned | before.pinned,
        )
        return encode_cursor(following, asked, self.cursor_key)


def notes_of(
    asked: Asked, state: LiveState, question: Question, *, known_shopper: bool, folded: bool
) -> list[FieldError]:
    """What was asked for and is not known, the shopper too."""
    notes = notes_on(asked, state, question.release)
    if asked.user_id is not None and not known_shopper:
        notes.append(FieldError("user_id", _FOLDED_SHOPPER if folded else _UNKNOWN_SHOPPER))
    return notes


def reply(http: HttpRequest, document: msgspec.Struct) -> HttpResponse:
    """The document with its entity tag, or 304 when the client has it already."""
    tag = entity_tag(document)
    # Only what is read may be kept; the answer to a POST is made for that request.
    if http.method != "POST" and matches(http.header("if-none-match"), tag):
        return HttpResponse(304, headers=(("ETag", tag),))
    return json_response(200, document, [("ETag", tag)])


def _seqs(state: LiveState, placed: Iterable[Placed]) -> frozenset[int]:
    found = (state.catalog.seq_of(each.item_id) for each in placed)
    return frozenset(seq for seq in found if seq is not None)
