"""Which part answers which address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.problems import Problem
from recsys.slates.overlays import LiveKey


@dataclass(frozen=True, slots=True)
class OpenRoute:
    """An address that anyone may ask."""

    method: str
    path: str
    handle: Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class KeyedRoute:
    """An address for keys with a scope."""

    method: str
    path: str
    scope: str
    handle: Callable[[HttpRequest, LiveKey], HttpResponse]


Route = OpenRoute | KeyedRoute


class Router:
    """Finds routes by path and method; HEAD is answered where GET is."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._paths: dict[str, dict[str, Route]] = {}
        for route in self.routes:
            self._paths.setdefault(route.path, {})[route.method] = route

    def knows(self, path: str) -> bool:
        """Whether anything answers at `path`."""
        return path in self._paths

    def label(self, http: HttpRequest) -> tuple[str, str]:
        """Method and path of the route that a request meant, as metrics name it; without ids in it."""
        method = "GET" if http.method == "HEAD" else http.method
        return method, http.path

    def allowed(self, path: str) -> str:
        """The methods of a known path, as the `Allow` header names them."""
        methods = set(self._paths[path])
        return ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))

    def find(self, http: HttpRequest) -> Route:
        """The route of a request. Raises `Problem`: 404 for an unknown path, 405 for another method."""
        if not self.knows(http.path):
            raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address; see docs/api.md.")
        method = "GET" if http.method == "HEAD" else http.method
        route = self._paths[http.path].get(method)
        if route is None:
            allowed = self.allowed(http.path)
            raise Problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"Use one of {allowed} at this address.",
                headers=[("Allow", allowed)],
            )
        return route
