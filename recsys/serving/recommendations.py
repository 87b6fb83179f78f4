"""`GET` and `POST /v1/recommendations`: one row's slate."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.serving.answering import Answering, notes_of, reply
from recsys.serving.answers import Recommendations, matches, placed_items, text_tag
from recsys.serving.bodies import read_json
from recsys.serving.http import JSON, HttpRequest, HttpResponse
from recsys.serving.item_texts import TextsByCatalog, as_json, items_as_json, quoted
from recsys.serving.keys import check_allowed
from recsys.serving.meter import Meter
from recsys.serving.parameters import RECOMMENDATIONS_BODY, Asked, parse_body
from recsys.serving.questions import Question
from recsys.serving.remembered import read_query
from recsys.slates.answer import lays
from recsys.slates.lean import Laid
from recsys.slates.measuring import Part, part_of_placements, part_of_rules
from recsys.slates.overlays import LiveKey
from recsys.slates.plan import Held
from recsys.slates.proposals import Proposals
from recsys.slates.state import LiveState

PATH = "/v1/recommendations"
_JSON = ("Content-Type", JSON)


@dataclass(frozen=True, slots=True)
class RecommendationsRoute:
    """Answers for one row, with provenance, as text where the merge is the lean one; see also `at_once`."""

    answering: Answering
    texts: TextsByCatalog

    def get(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """One row's slate, asked for in the address."""
        asked, _ = read_query(http.query)
        check_allowed(asked, key)
        return self._answer(http, asked, self.answering.state(), key)

    def post(self, http: HttpRequest, key: LiveKey) -> HttpResponse:
        """One row's slate, asked for in a JSON body."""
        asked = parse_body(read_json(http), RECOMMENDATIONS_BODY)
        check_allowed(asked, key)
        return self._answer(http, asked, self.answering.state(), key)

    def _answer(self, http: HttpRequest, asked: Asked, state: LiveState, key: LiveKey) -> HttpResponse:
        question = self.answering.question(asked, state)
        if lays(question.release, question.request):
            return self._laid(http, asked, state, question, key)
        return self._listed(http, asked, state, question, key)

    def _laid(
        self, http: HttpRequest, asked: Asked, state: LiveState, question: Question, key: LiveKey
    ) -> HttpResponse:
        asker, request, release = self.answering.asker, question.request, question.release
        who = asker.who(state, request, release, question.known)
        laid = asker.lay(state, request, release, who)
        _count(laid, self.answering.meter)
        cursor = self._next_cursor(asked, state, question, laid)
        lasting = self._lasting(
            asked, state, question, laid, key, folded=who.folded is not None, cursor=cursor
        )
        tag = text_tag(lasting.encode())
        # Only what is read may be kept; the answer to a POST is made for that request.
        if http.method != "POST" and matches(http.header("if-none-match"), tag):
            return HttpResponse(304, headers=(("ETag", tag),))
        made = self.answering.id_of(asked, state, question, _part(laid, state, question))
        following = "" if cursor is None else f'"{cursor}"'
        body = f'{{"recommendation_id":"{made}",{lasting}{following}}}'
        return HttpResponse(200, body.encode(), (_JSON, ("ETag", tag)))

    def _lasting(
        self,
        asked: Asked,
        state: LiveState,
        question: Question,
        laid: Laid,
        key: LiveKey,
        *,
        folded: bool,
        cursor: str | None,
    ) -> str:
        """The answer without its id, and without the cursor's value: what lasts as long as nothing changes."""
        release = question.release
        items = items_as_json(
            laid,
            self.texts.of(laid.shelf.columns),
            question.request.market,
            asked.fields,
            tells_because=key.tells_because,
        )
        notes = notes_of(asked, state, question, known_shopper=question.known_shopper, folded=folded)
        return (
            f'"surface":{quoted(asked.surface)},"row":{quoted(asked.row)},"release_id":{release.number},'
            f'"run_id":{quoted(release.run_id)},"personalised":{"true" if laid.personalised else "false"},'
            f'"items":[{items}],"notes":{as_json(notes) if notes else "[]"},"next_cursor":'
            f"{'null' if cursor is None else ''}"
        )

    def _next_cursor(self, asked: Asked, state: LiveState, question: Question, laid: Laid) -> str | None:
        if not laid.more:
            return None
        seqs = state.catalog.seqs
        return self.answering.cursor_after(
            asked,
            question,
            passed=len(laid.page),
            pins_from=laid.pins_from,
            shown=frozenset([seqs[each[0]] for each in laid.page]),
            pinned=frozenset([seqs[each.number] for _, each in laid.pins]),
        )

    def _listed(
        self, http: HttpRequest, asked: Asked, state: LiveState, question: Question, key: LiveKey
    ) -> HttpResponse:
        """A row that lists something else than what the model proposes."""
        release = question.release
        answer = self.answering.asker.answer(state, question.request, release)
        slate = answer.slate
        self.answering.meter.served(slate.items)
        part = part_of_rules(release.index, answer.request, slate.items, state.catalog)
        document = Recommendations(
            recommendation_id=self.answering.id_of(asked, state, question, part),
            surface=asked.surface or "",
            row=asked.row,
            release_id=release.number,
            run_id=release.run_id,
            personalised=slate.personalised,
            items=placed_items(slate.items, state.catalog, asked.fields, tells_because=key.tells_because),
            notes=notes_of(asked, state, question, known_shopper=answer.known_shopper, folded=answer.folded),
            next_cursor=self.answering.next_cursor(asked, state, question, slate),
        )
        return reply(http, document)


def _count(laid: Laid, meter: Meter) -> None:
    """Count how many items came from where."""
    pins = len(laid.pins)
    themes = len([1 for _, each in laid.pins if each.theme is not None])
    fallback = 0
    # Fallback comes after all that the model proposes.
    for each in reversed(laid.page):
        if not isinstance(each, Held):
            if isinstance(each[2], Proposals):
                break
            fallback += 1
    model = len(laid.page) - pins - fallback
    meter.served_from(pin=pins - themes, theme=themes, model=model, fallback=fallback)


def _part(laid: Laid, state: LiveState, question: Question) -> Part:
    """The part of rules in the answer."""
    held = [(laid.start + place, each.pin.id) for place, each in laid.pins]
    return part_of_placements(question.release.index, question.request, held, state.catalog)
