"""Which part answers which address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
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
    """Finds routes by path and method; HEAD is answered where GET is.

    A path may hold names in braces, as in `/v1/themes/{slug}`; each stands for one part without a slash.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._paths: dict[str, dict[str, Route]] = {}
        for route in self.routes:
            self._paths.setdefault(route.path, {})[route.method] = route
        self._patterns = [(path, _pattern(path)) for path in self._paths if "{" in path]

    def __iter__(self) -> Iterator[Route]:
        return (route for methods in self._paths.values() for route in methods.values())

    def template(self, path: str) -> str | None:
        """The path of the routes that answer at `path`, with names in braces where they have some; None for none."""
        if path in self._paths:
            # Nobody may ask for the braces themselves: they are no value of the name.
            return None if "{" in path else path
        return next((known for known, pattern in self._patterns if pattern.fullmatch(path)), None)

    def knows(self, path: str) -> bool:
        """Whether anything answers at `path`."""
        return self.template(path) is not None

    def label(self, http: HttpRequest) -> tuple[str, str]:
        """Method and path of the route that a request meant, as metrics name it; without ids in it."""
        method = "GET" if http.method == "HEAD" else http.method
        return method, self.template(http.path) or "(unknown)"

    def allowed(self, path: str) -> str:
        """The methods of a known path, as the `Allow` header names them."""
        methods = set(self._paths[self.template(path) or path])
        return ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))

    def find(self, http: HttpRequest) -> Route:
        """The route of a request. Raises `Problem`: 404 for an unknown path, 405 for another method."""
        template = self.template(http.path)
        if template is None:
            raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address; see docs/api.md.")
        method = "GET" if http.method == "HEAD" else http.method
        route = self._paths[template].get(method)
        if route is None:
            allowed = self.allowed(http.path)
            raise Problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"Use one of {allowed} at this address.",
                headers=[("Allow", allowed)],
            )
        return route


def path_values(path: str, template: str) -> tuple[str, ...]:
    """What stands in a path for the names of a template that matches it, in their order.

    Raises `Problem` (404) for what is not UTF-8: nothing is called so.
    """
    found = _pattern(template).fullmatch(path)
    values = () if found is None else found.groups()
    try:
        # A WSGI server hands the bytes of a path over as Latin-1 (PEP 3333).
        return tuple(value.encode("latin-1").decode("utf-8") for value in values)
    except UnicodeError:
        raise Problem(HTTPStatus.NOT_FOUND, "The address is not UTF-8 text; percent-encode it.") from None


def _pattern(template: str) -> re.Pattern[str]:
    """What matches the paths of a template."""
    parts = re.split(r"\{\w+\}", template)
    return re.compile("([^/]+)".join(re.escape(part) for part in parts), re.DOTALL)
