"""The quick way through `GET /v1/recommendations`: what requests share that differ in the shopper alone, made ready once.

A lane belongs to one query string without its shopper, under one live state. It answers plain requests (`slates.plain`),
each merged afresh, and leaves every other to the general way, whose answers its own are equal to but for the id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.domain.requests import Request
from recsys.serving import varints
from recsys.serving.answering import Answering
from recsys.serving.answers import matches, text_tag
from recsys.serving.cursor import VERSION as CURSOR_VERSION
from recsys.serving.cursor import Binding, binding, digests_under
from recsys.serving.http import HttpRequest
from recsys.serving.item_texts import quoted
from recsys.serving.page_text import Behind
from recsys.serving.parameters import Asked
from recsys.serving.pieces import Pieces, PiecesByFields
from recsys.serving.plain_items import Writer, behind_of, words_of
from recsys.serving.questions import notes_on, question_of
from recsys.serving.recommendation_id import VERSION as ID_VERSION
from recsys.serving.recommendation_id import pack_part, request_digest
from recsys.serving.signing import signed
from recsys.slates.answer import Known, lays
from recsys.slates.columns import microseconds
from recsys.slates.compiling import COMPILES
from recsys.slates.measuring import part_of_placements
from recsys.slates.plain import Cast, PlainPage, Stage
from recsys.slates.plan import Held
from recsys.slates.state import CompiledRelease, LiveState

MOST_LANES = 512
_MOST_SAID = 256
"""Casts whose writers a market keeps, and sets of pins: holdouts make many of them."""
_TAIL = '],"notes":[],"next_cursor":'
_PLAIN = ("cursor", "segment", "context_item", "exclude", "tag", "price_min", "price_max", "at", "items")
"""Whoever gives one of these asks for more than a plain page."""


class _OfPins(NamedTuple):
    """What is known of the pins on a page: how many there are of each source; packed, how the next page goes on, and their part."""

    pins: int
    themes: int
    following: bytes
    part: bytes


class Answered(NamedTuple):
    """An answer: status, entity tag and body, and how many items are from pins, themes and the model."""

    status: int
    tag: str
    body: bytes
    sources: tuple[int, int, int]


@dataclass(slots=True)
class _Market:
    """One market of a lane: the stage while its scene holds, and what writes there what casts act on, and of pins on a page."""

    stage: Stage
    behind: Behind
    request: Request
    writers: dict[tuple[Cast, bool], Writer] = field(default_factory=dict)
    pins: dict[tuple[Cast, bytes, int], _OfPins] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lane:
    """Answers the requests of one query string, under one live state.

    `made_from` and `goes_on_in` are what ids and cursors have in common, packed as far as the moment of the request.
    """

    answering: Answering
    state: LiveState
    release: CompiledRelease
    pieces: Pieces
    head: str
    bound: Binding
    made_from: bytes
    goes_on_in: bytes
    seqs: NDArray[np.int64]
    _markets: dict[str | None, _Market | None] = field(default_factory=dict)

    def answer(
        self, http: HttpRequest, asked: Asked, now: datetime, *, tells_because: bool
    ) -> Answered | None:
        """The answer to a plain request at a moment (UTC); None for another one."""
        user, index = asked.user_id, self.release.index
        if user is None or user in index.named.users:
            return None
        known = self.answering.asker.known(user, self.release)
        if known.row is None or not index.named.segments.isdisjoint(self.state.overlays.segments_of(user)):
            return None
        market = self._market(asked, now, known)
        if market is None:
            return None
        stage = market.stage
        acting = stage.scene.acting(user, index.holdout_key)
        laid = stage.lay(acting, known.row, self._told(asked, stage), asked.limit)
        if laid is None:
            return None
        text, shown = self._writer(laid.cast, market, tells_because=tells_because).write(laid)
        of_pins, length = self._of_pins(laid, market, known, asked, now), laid.slots
        sources = of_pins.pins, of_pins.themes, length - of_pins.pins - of_pins.themes
        tag = text_tag(text)
        if matches(http.header("if-none-match"), tag):
            return Answered(304, tag, b"", sources)
        made_from, goes_on = self._tokens(asked, now, shown, of_pins)
        body = (b'{"recommendation_id":"', made_from, b'",', text, b'"', goes_on, b'"}')
        return Answered(200, tag, b"".join(body), sources)

    def _tokens(
        self, asked: Asked, now: datetime, shown: memoryview, of_pins: _OfPins
    ) -> tuple[bytes, bytes]:
        """The id of an answer, and the cursor after it."""
        id_key, cursor_key = self.answering.id_key, self.answering.cursor_key
        at = varints.pack_one(microseconds(now))
        made_from = (request_digest(asked, id_key), self.made_from, at, of_pins.part)
        digests = digests_under(self.bound, asked, cursor_key)
        goes_on = (digests, self.goes_on_in, at, of_pins.following, shown)
        return signed(b"".join(made_from), id_key), signed(b"".join(goes_on), cursor_key)

    def _market(self, asked: Asked, now: datetime, known: Known) -> _Market | None:
        """The market that counts, with a scene that holds now."""
        name = known.market if asked.market is None else asked.market
        if name in self._markets:
            kept = self._markets[name]
            if kept is None or kept.stage.scene.holds(now):
                return kept
        request = question_of(asked, self.state, now, self.release, None, known).request
        stage = Stage.of(self.state.scenes_of(self.release).of(request))
        made = self._markets[name] = None if stage is None else _Market(stage, behind_of(stage), request)
        return made

    def _told(self, asked: Asked, stage: Stage) -> Collection[int]:
        """The numbers of what the shopper disliked, or bought since the training."""
        ids = self.state.overlays.told_by(asked.user_id, asked.session_id)
        if not ids:
            return ()
        numbers = stage.scene.shelf.columns.numbers
        return {numbers[each] for each in ids if each in numbers}

    def _writer(self, cast: Cast, market: _Market, *, tells_because: bool) -> Writer:
        """What writes pages on which a cast acts."""
        key = cast, tells_because
        found = market.writers.get(key)
        if found is None:
            name = market.request.market
            said = words_of(cast.held, name, tells_because=tells_because, before=self.head, after=_TAIL)
            found = Writer(market.behind, self.pieces, said, self.seqs)
            if len(market.writers) < _MOST_SAID:
                market.writers[key] = found
        return found

    def _of_pins(
        self, laid: PlainPage, market: _Market, known: Known, asked: Asked, now: datetime
    ) -> _OfPins:
        """What is known of the pins on a page; where rules have a holdout, each shopper's part is another."""
        key = laid.cast, laid.pins, laid.slots
        found = market.pins.get(key)
        if found is None:
            held = laid.held
            themes = len([1 for each in held if each.theme is not None])
            last = held[-1].slot + 1 if held else 0
            following = varints.pack((1 + laid.slots, last))
            found = _OfPins(len(held) - themes, themes, following, self._part(held, market.request))
            if len(market.pins) < _MOST_SAID:
                market.pins[key] = found
        if not self.release.index.measured:
            return found
        request = question_of(asked, self.state, now, self.release, None, known).request
        return found._replace(part=self._part(laid.held, request))

    def _part(self, held: Iterable[Held], request: Request) -> bytes:
        placed = [(each.slot, each.pin.id) for each in held]
        return pack_part(part_of_placements(self.release.index, request, placed, self.state.catalog))


class Lanes:
    """The lanes of the state that was last asked."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._pieces = PiecesByFields()
        self._kept: tuple[LiveState | None, dict[str, Lane | None]] = None, {}

    def of(self, shared: str | None, asked: Asked, state: LiveState) -> Lane | None:
        """The lane of a query string without its shopper, None where nothing that it asks for is plain."""
        if shared is None or not COMPILES:
            return None
        known, lanes = self._kept
        if known is not state:
            lanes = {}
            self._kept = state, lanes
        if shared not in lanes:
            if len(lanes) >= MOST_LANES:
                return None
            lanes[shared] = self._made(asked, state)
        return lanes[shared]

    def _made(self, asked: Asked, state: LiveState) -> Lane | None:
        release = state.release
        if release is None or release.snapshot is None or not _asks_plainly(asked):
            return None
        surface = release.rules.surface(asked.surface) if asked.surface is not None else None
        if surface is None or surface.row(asked.row) is None or notes_on(asked, state, release):
            return None
        request = question_of(asked, state, state.loaded_at, release, None, Known()).request
        pieces = self._pieces.of(state.catalog.columns, asked.fields)
        if pieces is None or not lays(release, request):
            return None
        bound = binding(asked, self._answering.cursor_key)
        number = release.number
        return Lane(
            answering=self._answering,
            state=state,
            release=release,
            pieces=pieces,
            head=_head(asked, release),
            bound=bound,
            made_from=varints.pack((ID_VERSION, number, state.catalog.revision, state.overlays.revision)),
            goes_on_in=varints.pack((CURSOR_VERSION, number)),
            seqs=state.catalog.seq_numbers,
        )


def _asks_plainly(asked: Asked) -> bool:
    # A price of 0 is a filter too: it leaves out what has no price.
    return asked.personalised and all(getattr(asked, name) in (None, ()) for name in _PLAIN)


def _head(asked: Asked, release: CompiledRelease) -> str:
    """What stands before the items, without the id."""
    return (
        f'"surface":{quoted(asked.surface)},"row":{quoted(asked.row)},"release_id":{release.number},'
        f'"run_id":{quoted(release.run_id)},"personalised":true,"items":['
    )
