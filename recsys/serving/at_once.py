"""Requests that a lane answers, from the door to the reply, in the one thread that takes all requests.

Whatever is not plain, or not right, is left to the general way, which says the same and more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recsys.services.prompt import Reply
from recsys.serving.answering import Answering
from recsys.serving.door import PRIVATE, VARY, Door
from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.keys import READ, authenticate, check_allowed, check_origin, cors_headers, require_scope
from recsys.serving.lanes import Lanes
from recsys.serving.logs import RequestLog
from recsys.serving.remembered import read_query

_PATH = "/v1/recommendations"


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Answers what the lanes answer."""

    door: Door
    lanes: Lanes
    answering: Answering
    log: RequestLog
    monotonic: Callable[[], float]

    def reply(self, http: HttpRequest, began: float) -> Reply | None:
        """The reply to a request that came at `began`; None for one that is left to the general way."""
        if http.path != _PATH or http.method != "GET" or http.has_body:
            return None
        try:
            response = self._response(http)
        except Exception:  # noqa: BLE001 - the general way meets the same fault, tells it and logs it
            return None
        if response is None:
            return None
        self.door.meter.answered(_PATH, response.status, self.monotonic() - began)
        self.log.write("GET", _PATH, response.status, began)
        return response.reply(without_body=False)

    def _response(self, http: HttpRequest) -> HttpResponse | None:
        # The reference is read once: everything below sees one and the same state.
        state = self.answering.state()
        key = authenticate(http, state.overlays.keys)
        check_origin(http, key)
        require_scope(key, READ)
        vouched = self.door.shoppers.vouched(http, key)
        asked, shared = read_query(http.query)
        check_allowed(asked, vouched)
        lane = self.lanes.of(shared, asked, state)
        if lane is None:
            return None
        limits = self.door.admit(http, key, READ)
        response = lane.answer(http, asked, self.answering.clock(), tells_because=vouched.tells_because)
        if response is None:
            return None
        return HttpResponse(
            response.status,
            response.body,
            (*response.headers, PRIVATE, VARY, *cors_headers(http, key), *limits),
        )
