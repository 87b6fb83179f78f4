"""A typed client of the serving API in one file, on the standard library and msgspec alone; see docs/client.md."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

T = TypeVar("T")


class FieldError(msgspec.Struct, frozen=True):
    """A field that cannot be used, and the mend; in `notes`, one that was ignored."""

    field: str
    message: str


class Because(msgspec.Struct, frozen=True):
    """An item behind a reason, and its share of the score in (0, 1]."""

    item_id: str
    title: str
    share: float


class Reason(msgspec.Struct, frozen=True):
    """Why an item stands where it stands, in words that are never empty."""

    text: str
    because: list[Because] = []


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a slate, `position` from 1; those of the fields from `title` on that were not asked for are None."""

    item_id: str
    position: int
    source: Literal["pin", "theme", "model", "fallback"]
    reason: Reason
    rule_id: str | None = None
    score: float | None = None
    model_rank: int | None = None
    theme: str | None = None
    displaced: str | None = None
    title: str | None = None
    price: float | None = None
    currency: str | None = None
    url: str | None = None
    image_url: str | None = None
    tags: list[str] | None = None
    group_id: str | None = None
    added_at: str | None = None
    attributes: dict[str, str | int | float | bool] | None = None


class Slate(msgspec.Struct, frozen=True, kw_only=True):
    """One row: of a surface, a page or a theme, or what goes with an item; what does not apply is empty."""

    recommendation_id: str
    items: list[Item]
    row: str = ""
    kind: str = ""
    slug: str = ""
    title: str = ""
    blurb: str = ""
    release_id: int | None = None
    run_id: str | None = None
    personalised: bool = False
    notes: list[FieldError] = []
    next_cursor: str | None = None


class Page(msgspec.Struct, frozen=True):
    """All rows of a surface, from the top; events name the `recommendation_id` of the row."""

    surface: str
    release_id: int
    personalised: bool
    rows: list[Slate]
    notes: list[FieldError] = []


class Theme(msgspec.Struct, frozen=True):
    """A collection; `size` counts the members that may be shown."""

    slug: str
    title: str
    blurb: str
    size: int


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a shopper did; it has its id from the start, so that telling it again counts nothing twice."""

    type: Literal["impression", "view", "click", "add_to_cart", "purchase", "like", "dislike", "undislike"]
    item_id: str
    user_id: str | None = None
    session_id: str | None = None
    recommendation_id: str | None = None
    position: int | None = None
    quantity: float | None = None
    value: float | None = None
    reason: str | None = None
    timestamp: str | None = None
    event_id: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)


class Fate(msgspec.Struct, frozen=True):
    """What became of one event; `errors` say why one was refused."""

    event_id: str | None
    fate: Literal["accepted", "repeated", "refused"]
    errors: list[FieldError] = []


class _Parts(msgspec.Struct):
    detail: str = ""
    errors: list[FieldError] = []
    events: list[Fate] = []
    themes: list[Theme] = []
    revision: int = 0


class Unreachable(Exception):
    """No connection, no answer in time, or one that cannot be read."""


class Problem(Exception):
    """The endpoint refused (RFC 9457): `status`, `detail`, in `errors` each field with its mend, `retry_after` seconds."""

    def __init__(self, status: int, detail: str, errors: list[FieldError], wait: float | None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail, self.errors, self.retry_after = status, detail, errors, wait


class Client:
    """Asks one endpoint with one key; threads may share it. Calls raise `Problem` or `Unreachable`.

    `timeout` is in seconds, for a connection and for each part of an answer. Where 429 or 503 say `Retry-After`, a call
    waits once, if not for more than `wait` seconds. `token` goes beside a publishable key; see `shopper_token`.
    """

    def __init__(self, address: str, key: str, token: str = "", timeout: float = 5, wait: float = 5) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"address: give one such as https://recs.shop.example, not “{address}”")
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._headers = {**sent, "X-Shopper-Token": token} if token else sent
        self._timeout, self._patience, self._own = timeout, wait, threading.local()

    def recommendations(self, surface: str, **ask: Any) -> Slate:
        """One row's slate; asked in a body, which keeps ids out of the logs in between."""
        return self._call(Slate, "/v1/recommendations", msgspec.json.encode({"surface": surface, **ask}))

    def slates(self, surface: str, **ask: Any) -> Iterator[Slate]:
        """The same, slate after slate to the end; nothing comes twice."""
        slate = self.recommendations(surface, **ask)
        yield slate
        while slate.next_cursor is not None:
            slate = self.recommendations(surface, **{**ask, "cursor": slate.next_cursor})
            yield slate

    def page(self, surface: str, **ask: Any) -> Page:
        """All rows of a surface."""
        return self._ask(Page, f"/v1/pages/{quote(surface, safe='')}", ask)

    def similar(self, item_id: str, **ask: Any) -> Slate:
        """What goes with one item."""
        return self._call(Slate, "/v1/similar", msgspec.json.encode({"item_id": item_id, **ask}))

    def themes(self, **ask: Any) -> list[Theme]:
        """The collections that may be shown now; up to 100 unless `limit` and `cursor` say otherwise."""
        return self._ask(_Parts, "/v1/themes", {"limit": 100, **ask}).themes

    def theme(self, slug: str, **ask: Any) -> Slate:
        """One collection with its members, in its order for the shopper."""
        return self._ask(Slate, f"/v1/themes/{quote(slug, safe='')}", ask)

    def tell(self, events: Sequence[Event]) -> list[Fate]:
        """Tell what shoppers did, up to 1,000 at once; durable when this returns."""
        return self._call(_Parts, "/v1/events", msgspec.json.encode({"events": events})).events

    def put_items(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Upsert up to 1,000 catalog rows, a row the fields that it gives (admin keys); the catalog's new revision."""
        return self._call(_Parts, "/v1/items", msgspec.json.encode({"items": rows})).revision

    def ready(self) -> bool:
        """Whether a release is loaded, so that questions can be answered."""
        return self._exchange("/readyz", None)[0] == 200

    def close(self) -> None:
        """Close this thread's connection; the next call opens one anew."""
        if connection := self._own.__dict__.pop("connection", None):
            connection.close()

    def _ask(self, answer: type[T], path: str, query: Mapping[str, Any]) -> T:
        said = {name: json.dumps(each) if isinstance(each, bool) else each for name, each in query.items()}
        given = urlencode({name: each for name, each in said.items() if each is not None}, doseq=True)
        return self._call(answer, f"{path}?{given}", None)

    def _call(self, answer: type[T], target: str, body: bytes | None) -> T:
        status, wait, raw = self._exchange(target, body)
        if status in {429, 503} and wait is not None and wait <= self._patience:
            time.sleep(wait)
            status, wait, raw = self._exchange(target, body)
        try:
            if status < 300:
                return msgspec.json.decode(raw, type=answer)
            said = msgspec.json.decode(raw, type=_Parts)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unreachable(f"{status} that cannot be read; is it the right address? ({error})") from error
        raise Problem(status, said.detail, said.errors, wait)

    def _exchange(self, target: str, body: bytes | None) -> tuple[int, float | None, bytes]:
        new = self._kind(self._host, self._port, timeout=self._timeout)
        connection = self._own.__dict__.setdefault("connection", new)
        # A broken one is tried once more: questions change nothing, rows are put, and events carry an id.
        for last in (False, True):
            try:
                connection.request("POST" if body else "GET", self._prefix + target, body, self._headers)
                answer = connection.getresponse()
                raw, wait = answer.read(), answer.getheader("Retry-After", "")
                return answer.status, float(wait) if wait.isdecimal() else None, raw
            except (OSError, HTTPException) as error:
                connection.close()
                if last or isinstance(error, TimeoutError):
                    raise Unreachable(f"{self._host} gives no answer: {error!r}") from error
        raise AssertionError("the last turn returns or raises")


def shopper_token(secret: str, user_id: str, seconds: int = 3600, segments: Sequence[str] = ()) -> str:
    """A token that lets a page with a publishable key name this shopper, for at most 24 hours."""
    claims = {"sub": user_id, "exp": int(time.time()) + seconds, "segments": list(segments)}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    seal = base64.urlsafe_b64encode(hmac.digest(secret.encode(), signed, "sha256")).rstrip(b"=")
    return (signed + b"." + seal).decode()
