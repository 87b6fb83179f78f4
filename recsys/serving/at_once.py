"""Requests that a lane answers, from the door to the reply, in one step.

Whatever is not plain, or not right, is left to the general way, which says the same and more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from recsys.domain.errors import RecsysError
from recsys.hosting.replies import Reply
from recsys.serving.answering import Answering
from recsys.serving.door import PRIVATE, VARY, Door
from recsys.serving.faults import log_fault
from recsys.serving.http import JSON, HttpRequest
from recsys.serving.keys import READ, authenticate, check_allowed, check_origin, cors_headers, require_scope
from recsys.serving.lanes import Answered, Lanes
from recsys.serving.logs import RequestLog
from recsys.serving.problems import Problem
from recsys.serving.recommendations import PATH
from recsys.serving.remembered import read_query

_JSON = ("Content-Type", JSON)
_OK = HTTPStatus.OK.value


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
        if http.path != PATH or http.method != "GET" or http.has_body:
            return None
        try:
            found = self._answered(http)
        except (Problem, RecsysError):  # the general way says it in full
            return None
        except Exception as fault:  # noqa: BLE001 - the general way may still have an answer
            log_fault(fault, http)
            return None
        if found is None:
            return None
        answered, headers = found
        now = self.monotonic()
        self.door.meter.answered(PATH, answered.status, now - began, answered.sources)
        self.log.count("GET", PATH, answered.status, now - began, now)
        return answered.status, headers, answered.body

    def _answered(self, http: HttpRequest) -> tuple[Answered, list[tuple[str, str]]] | None:
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
        found = lane.answer(http, asked, self.answering.clock(), tells_because=vouched.tells_because)
        if found is None:
            return None
        tag = ("ETag", found.tag)
        # As the general way has them, in its order.
        headers = [tag, PRIVATE, VARY, *cors_headers(http, key), *limits]
        if found.status == _OK:
            headers = [_JSON, *headers, ("Content-Length", str(len(found.body)))]
        return found, headers
