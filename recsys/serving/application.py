"""The endpoint as a WSGI callable: finds the route, lets in, answers, writes the log."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from multiprocessing import parent_process
from multiprocessing.util import Finalize

import structlog

from recsys.domain.errors import RecsysError
from recsys.hosting.bodies import BodyStopped
from recsys.hosting.replies import Reply
from recsys.services.shop import Shop, open_shop
from recsys.serving.answering import Answering
from recsys.serving.at_once import AtOnce
from recsys.serving.bodies import MAX_BODY_BYTES, body_first
from recsys.serving.door import PRIVATE, VARY, Door
from recsys.serving.events import EventsRoute
from recsys.serving.faults import log_fault
from recsys.serving.health import HealthRoutes
from recsys.serving.http import Environ, HttpRequest, HttpResponse, StartResponse, status_line
from recsys.serving.item_texts import TextsByCatalog
from recsys.serving.items import ItemsRoute
from recsys.serving.keys import (
    ADMIN,
    EVENTS,
    READ,
    check_origin,
    cors_headers,
    preflight_headers,
    require_scope,
)
from recsys.serving.lanes import Lanes
from recsys.serving.logs import RequestLog, configure_log
from recsys.serving.meter import Meter, shared_memory
from recsys.serving.metrics import MetricsRoute
from recsys.serving.openapi import openapi
from recsys.serving.pages import PAGE_PATH, PagesRoute
from recsys.serving.problems import Problem, problem_of
from recsys.serving.rate_limits import RateLimits
from recsys.serving.recommendations import PATH, RecommendationsRoute
from recsys.serving.router import KeyedRoute, OpenRoute, Route, Router
from recsys.serving.shared import Shared
from recsys.serving.shedding import CANARY, Canary, Shedder
from recsys.serving.shopper_tokens import ShopperTokens
from recsys.serving.similar import SIMILAR_PATH, SimilarRoute
from recsys.serving.themes import THEME_PATH, ThemesRoute
from recsys.serving.turnstile import Turnstile
from recsys.serving.uploads import Uploads
from recsys.serving.watching import LiveWatch
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder

_log = structlog.get_logger(__name__)
_DRAINED_BYTES = 4 * MAX_BODY_BYTES
_COUNTED = frozenset({PATH})


class Application:
    """The WSGI callable of one process."""

    def __init__(
        self,
        shop: Shop,
        live: LiveHolder,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        shared: Shared | None = None,
    ) -> None:
        self._live = live
        self._monotonic = monotonic
        self.meter = self._meter = meter = Meter(shared or shared_memory())
        self._log = RequestLog(_log, monotonic, _COUNTED)
        self.shedder = Shedder(shop.settings.shed_seconds)
        limits = RateLimits(monotonic, meter.shared.common)
        self._door = Door(live, ShopperTokens(shop.settings, clock), limits, self.shedder, meter)
        health = HealthRoutes(live, clock)
        answering = Answering.of(shop.settings, live.current, clock, meter)
        recommendations = RecommendationsRoute(answering, TextsByCatalog())
        self._at_once = AtOnce(self._door, Lanes(answering), answering, self._log, monotonic)
        similar = SimilarRoute(answering)
        themes, pages = ThemesRoute(answering), PagesRoute(answering)
        items = ItemsRoute(shop, live.catch_up)
        events = EventsRoute.of(shop, live.catch_up, meter)
        writing, self._uploads = Turnstile(), Uploads()
        self.router = Router(
            [
                OpenRoute("GET", "/healthz", health.healthz),
                OpenRoute("GET", "/readyz", health.readyz),
                OpenRoute("GET", "/metrics", MetricsRoute(meter, clock).get),
                OpenRoute("GET", "/openapi.json", openapi),
                KeyedRoute("GET", PATH, READ, recommendations.get),
                KeyedRoute("POST", PATH, READ, recommendations.post),
                KeyedRoute("GET", PAGE_PATH, READ, pages.get),
                KeyedRoute("GET", SIMILAR_PATH, READ, similar.get),
                KeyedRoute("POST", "/v1/similar", READ, similar.post),
                KeyedRoute("GET", "/v1/themes", READ, themes.list),
                KeyedRoute("GET", THEME_PATH, READ, themes.get),
                KeyedRoute("POST", "/v1/items", ADMIN, body_first(writing.through(items.post))),
                KeyedRoute("POST", "/v1/events", EVENTS, body_first(writing.through(events.post))),
            ]
        )
        meter.know((route.method, route.path) for route in self.router.routes)
        live.watch(LiveWatch(live, meter))

    @property
    def routes(self) -> Sequence[Route]:
        """All addresses that are answered."""
        return self.router.routes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        begun = self.begin(environ)
        status, headers, body = begun if isinstance(begun, tuple) else begun()
        start_response(status_line(status), headers)
        return [body]

    def begin(self, environ: Environ) -> Reply | Callable[[], Reply]:
        """The reply to a request that a lane answers, or what is still to be done; see `hosting.replies`."""
        http, began = HttpRequest(environ), self._monotonic()
        return self._at_once.reply(http, began) or partial(self._in_time, http, began)

    def _in_time(self, http: HttpRequest, began: float) -> Reply:
        self._meter.begin()
        response = self._answer(http)
        if response.status >= HTTPStatus.BAD_REQUEST:
            # Where there is no place for it, or it does not come, the answer goes out as it is.
            with suppress(Problem, BodyStopped):
                http.drain(_DRAINED_BYTES)
        # Neither the query nor an unknown path: both may name a shopper. Known ones without their values.
        method, path = self.router.label(http)
        self._meter.end(method, path, response.status, self._monotonic() - began)
        if path != "/healthz" or http.header("user-agent") != CANARY:
            self._log.write(http.method, path, response.status, began)
        return response.reply(without_body=http.method == "HEAD")

    def _answer(self, http: HttpRequest) -> HttpResponse:
        """The response, whatever happens on the way."""
        try:
            if http.method == "OPTIONS" and self.router.knows(http.path):
                return self._options(http)
            route = self.router.find(http)
            if isinstance(route, OpenRoute):
                return route.handle(http)
            return self._keyed(http, route)
        except Exception as fault:  # noqa: BLE001 - the last resort: the caller gets an answer, the log the fault
            return _response_to(fault, http)

    def _keyed(self, http: HttpRequest, route: KeyedRoute) -> HttpResponse:
        key = self._door.key_of(http)
        http.place = partial(self._uploads.place, key.id)
        # On errors too: pages must be able to read them, and a refused request counts.
        headers: list[tuple[str, str]] = [VARY, *cors_headers(http, key)]
        try:
            check_origin(http, key)
            require_scope(key, route.scope)
            headers += self._door.admit(http, key, route.scope)
            response = route.handle(http, self._door.shoppers.vouched(http, key))
            headers.insert(0, PRIVATE)
        except Exception as fault:  # noqa: BLE001 - the last resort, as in `_answer`
            response = _response_to(fault, http)
        return response.with_headers(headers)

    def _options(self, http: HttpRequest) -> HttpResponse:
        allowed = self.router.allowed(http.path)
        keys = self._live.current().overlays.keys
        headers = (("Allow", allowed), ("Vary", "Origin"), *preflight_headers(http, keys, allowed))
        return HttpResponse(HTTPStatus.NO_CONTENT, headers=headers)


_SHARED = shared_memory()
"""Made when the server imports this module, before it forks its workers."""


def create() -> Application:
    """The application of a worker process: settings from the environment, live state kept fresh in the background."""
    _end_when_told()
    settings = Settings.from_environment(os.environ)
    configure_log(settings.log_level)
    shop = open_shop(settings)
    live = LiveHolder(shop.database, settings)
    application = Application(shop, live, shared=_SHARED)
    live.start()
    _wait_for_others(live, application.meter, settings.refresh_seconds)
    canary = Canary(settings, application.shedder, time.monotonic)
    canary.start()
    # The catalog and the rules are many small objects that stay: the collector need not walk through them again.
    gc.collect()
    gc.freeze()
    # Workers are multiprocessing children, which skip atexit but run finalizers.
    Finalize(None, _close, args=(shop, live, canary), exitpriority=10)
    return application


def _end_when_told() -> None:
    """Let SIGTERM and SIGINT end a worker that is still starting.

    A forked worker begins with the handlers of the server, which would take the signal for the server's and
    go on; the server puts the worker's own handlers in place once it is ready.
    """
    if parent_process() is not None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)


def _wait_for_others(live: LiveHolder, meter: Meter, seconds: float) -> None:
    """Take no request before this worker has something to answer from, as long as others have.

    A worker that is started while the database is away would answer 503 beside those who go on from their last state.
    """
    while live.last_success is None and meter.others_are_fresh():
        time.sleep(seconds)


def _close(shop: Shop, live: LiveHolder, canary: Canary) -> None:
    canary.stop()
    live.stop()
    shop.database.close()


def _response_to(fault: Exception, http: HttpRequest) -> HttpResponse:
    if isinstance(fault, Problem):
        return fault.response()
    if isinstance(fault, RecsysError):
        return problem_of(fault).response()
    log_fault(fault, http)
    detail = "This is our fault, not yours; it is in the server's log."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()
