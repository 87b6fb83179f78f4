"""One connection that speaks HTTP/1.1: requests one after another, each with its reply.

What may be asked is the application's affair; here are the limits of what a client may do to the process. The syntax is
llhttp's, the parser of Node.js (package httptools).
"""

from __future__ import annotations

import re
from asyncio import Protocol, Transport
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import unquote_to_bytes

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpRequestParser,
    parse_url,
)

from recsys.hosting.bodies import Body
from recsys.hosting.faults import log_fault
from recsys.hosting.replies import SAME_HEAD, Environ, Reply, has_body, problem, written

if TYPE_CHECKING:
    from recsys.hosting.event_loop import EventLoop

MOST_TARGET_BYTES: Final = 65_534
MOST_HEAD_BYTES: Final = 1 << 17
MOST_HEADERS: Final = 128
IDLE_SECONDS: Final = 75.0
"""How long a connection may say nothing between two requests."""
HEAD_SECONDS: Final = 15.0
"""How long the head of a request may take to come."""
TAKING_SECONDS: Final = 30.0
"""How long a client may leave a reply unread."""
_LINGER_SECONDS = 2.0
"""How long what a client still sends is thrown away, so that it sees the reply and no broken pipe."""
_MOST_IN_A_ROW = 16
"""Requests of one connection that came together and are answered before it is others' turn."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_FAULT = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "This is our fault, not yours; it is in the server's log.")
_NO_HTTP = problem(HTTPStatus.BAD_REQUEST, "This is no request of HTTP/1.1.")
_LARGE_HEAD = problem(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    f"The head of a request may have {MOST_HEAD_BYTES} bytes and {MOST_HEADERS} headers.",
)
_LONG_TARGET = problem(
    HTTPStatus.REQUEST_URI_TOO_LONG, f"An address may have {MOST_TARGET_BYTES} bytes; ask by POST."
)
_LATE = problem(HTTPStatus.REQUEST_TIMEOUT, "The request did not come in time.")

_NAMES: dict[bytes, str] = {b"Content-Type": "CONTENT_TYPE", b"Content-Length": "CONTENT_LENGTH"}
"""Where WSGI keeps the headers that came before."""
_MOST_NAMES = 256
_LONGEST_NAME = 64


_PLAIN = re.compile(rb"GET (/[!-~]*) HTTP/1\.1")
_LONGEST_HEAD_KEPT = 4096


class _Head(NamedTuple):
    """What followed the request line of a plain GET, as it came, and what it says."""

    text: bytes
    environ: Environ


class _Request(NamedTuple):
    """A request whose head is here; `body` is None where none comes."""

    environ: Environ
    body: Body | None
    keeps: bool


class Connection(Protocol):
    """Reads requests, asks the application, writes its replies.

    Attributes:
        deadline: when the client must have done something, in the event loop's seconds; None while it is our turn.
        since: when it was last our turn.

    """

    def __init__(self, loop: EventLoop) -> None:
        self.since = loop.now
        self.deadline: float | None = loop.now + HEAD_SECONDS
        self._loop = loop
        self._parser: Any = HttpRequestParser(self)
        self._transport: Transport = cast("Transport", None)
        self._begun = False
        self._url = b""
        self._environ: Environ | None = None
        self._head_bytes = 0
        self._messages = 0
        self._head: _Head | None = None
        self._plain: Environ | None = None
        self._body: Body | None = None
        self._under_way: _Request | None = None
        self._waiting: deque[_Request] = deque()
        self._in_a_row = 0
        self._written: list[bytes] = []
        self._reads = True
        self._chokes = False
        self._hears_no_more = False
        self._ends = False
        self._leaves_unread = False
        self._lingers = False

    # What the event loop tells.

    def connection_made(self, transport: Any) -> None:
        """It begins."""
        self._transport = transport
        self._begun = True

    def connection_lost(self, _exc: Exception | None) -> None:
        """It is over."""
        self._loop.went(self)
        self._waiting.clear()
        if self._body is not None:
            self._body.stop()
        # Each knows the other: without this, both would wait for the collector of such rings.
        self._ends, self._parser = True, None

    def data_received(self, data: bytes) -> None:
        """Some of a request came, or several of them."""
        if self._ends or self._hears_no_more:
            return
        self._in_a_row = self._messages = 0
        if self._repeats(data):
            return
        starts = self._between_requests
        self._feed(data)
        if self._environ is not None:
            self._head_bytes += len(data)
            if len(self._url) > MOST_TARGET_BYTES:
                self._refuse(_LONG_TARGET)
            elif self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(_LARGE_HEAD)
        elif starts and self._messages == 1:
            self._keep_head(data)

    def eof_received(self) -> bool:
        """The client sends nothing more, but may wait for replies."""
        if self._body is not None:
            self._body.stop()
        if self._lingers:
            return False
        if self._busy or self._waiting:
            self._hear_no_more()
            return True
        self.flush()
        return False

    def pause_writing(self) -> None:
        """The client does not read what was written."""
        self._chokes = True
        self.deadline = self._loop.now + TAKING_SECONDS
        self._read_or_not()

    def resume_writing(self) -> None:
        """It reads again."""
        self._chokes = False
        if self._busy:
            self.deadline = None
        else:
            self._wait_for_more()
        self._read_or_not()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            # Nothing here speaks anything else: the request is answered as it is, and what follows is not read.
            if self._body is not None:
                self._body.stop()
            self._hear_no_more()
        except HttpParserCallbackError as error:
            log_fault("a request could not be read", error.__context__ or error)
            self._refuse(_FAULT)
        except HttpParserError:
            self._refuse(_NO_HTTP)

    # What the parser finds.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._environ, self._url, self._head_bytes = {}, b"", 0
        self._messages += 1
        if not self._busy:
            self.deadline = self._loop.now + HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        """Some of its target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or what follows a body in its place, which is not heeded."""
        environ = self._environ
        if environ is None:
            return
        key = _NAMES.get(name) or _environ_name(name)
        text = value.decode("latin-1").strip(" \t")
        environ[key] = f"{environ[key]}, {text}" if key in environ else text

    def on_headers_complete(self) -> None:
        """Its head is here. With a body it is answered from here on, for it may be answered without."""
        environ = self._environ
        assert environ is not None  # noqa: S101 - the parser has begun a message
        self._environ = None
        if len(environ) > MOST_HEADERS or len(self._url) > MOST_TARGET_BYTES:
            self._refuse(_LARGE_HEAD if len(environ) > MOST_HEADERS else _LONG_TARGET)
            return
        parser = self._parser
        environ["REQUEST_METHOD"] = parser.get_method().decode("ascii")
        environ["PATH_INFO"], environ["QUERY_STRING"] = _target(self._url)
        keeps, body = parser.should_keep_alive(), None
        self._plain = {**environ, SAME_HEAD: []} if keeps and environ["REQUEST_METHOD"] == "GET" else None
        if has_body(environ):
            body = Body(self._wants_body(expects="HTTP_EXPECT" in environ))
            environ["wsgi.input"], environ["wsgi.input_terminated"] = body, True
            self._plain = None
        self._body = body
        self._come(_Request(environ, body, keeps))

    def on_body(self, more: bytes) -> None:
        """Some of its body."""
        if self._body is not None and not self._ends:
            self._body.feed(more)
            self._read_or_not()

    def on_message_complete(self) -> None:
        """All of it is here."""
        if self._body is not None:
            self._body.end()
            self._read_or_not()

    # Requests that say the same but for their target, as those over one connection do: the parser has read the rest.

    def _keep_head(self, data: bytes) -> None:
        """Keep what follows the request line, if all that came is a plain GET after which the connection is kept."""
        line, _, rest = data.partition(b"\r\n")
        plain, self._plain = self._plain, None
        fits = len(rest) <= _LONGEST_HEAD_KEPT and _PLAIN.fullmatch(line) is not None
        if plain is not None and fits and not (self._ends or self._hears_no_more):
            self._head = _Head(data[len(line) :], plain)

    def _repeats(self, data: bytes) -> bool:
        """Whether this is the last plain GET over again but for the target; it is then asked."""
        head = self._head
        if head is None or not (data.endswith(head.text) and self._between_requests):
            return False
        plain = _PLAIN.fullmatch(data, 0, len(data) - len(head.text))
        if plain is None or len(plain[1]) > MOST_TARGET_BYTES:
            return False
        environ = head.environ.copy()
        environ["PATH_INFO"], environ["QUERY_STRING"] = _target(plain[1])
        self._come(_Request(environ, None, keeps=True))
        self._read_or_not()
        return True

    @property
    def _between_requests(self) -> bool:
        """Whether what comes next is the beginning of a request."""
        return self._environ is None and (self._body is None or self._body.ended)

    # Asking the application.

    @property
    def _busy(self) -> bool:
        return self._under_way is not None

    def _come(self, request: _Request) -> None:
        if self._ends or self._hears_no_more:
            return
        if self._under_way is not None or self._waiting:
            self._waiting.append(request)
        elif self._in_a_row >= _MOST_IN_A_ROW:
            self._waiting.append(request)
            self._loop.soon(self._go_on)
        else:
            self._in_a_row += 1
            self._ask(request)

    def _ask(self, request: _Request) -> None:
        try:
            begun = self._loop.application.begin(request.environ)
        except Exception as fault:  # noqa: BLE001 - the last resort
            log_fault("the application failed", fault)
            begun = _FAULT
        if isinstance(begun, tuple):
            self._reply(begun, request)
        else:
            self.deadline = None
            self._under_way = request
            self._loop.run(begun, self.done)
            self._read_or_not()

    def done(self, reply: Reply | None) -> None:
        """The application has its reply to what is under way; None where it failed."""
        request, self._under_way = self._under_way, None
        if request is not None and not self._transport.is_closing():
            self._reply(_FAULT if reply is None else reply, request)
            self._go_on()

    def _go_on(self) -> None:
        """With what came in the meantime."""
        self._in_a_row = 0
        while self._waiting and not (self._busy or self._ends):
            if self._in_a_row == _MOST_IN_A_ROW:
                self._loop.soon(self._go_on)
                return
            self._in_a_row += 1
            self._ask(self._waiting.popleft())
        self._read_or_not()

    # Replies.

    def _reply(self, reply: Reply, request: _Request) -> None:
        environ, body, keeps = request
        # Of a body that was not read to its end nobody knows what follows it.
        if body is not None and not body.ended:
            self._leaves_unread = True
        last = self._hears_no_more and not self._waiting
        ends = not keeps or last or self._leaves_unread or self._loop.stops
        says_keep = not ends and "HTTP_CONNECTION" in environ
        try:
            text = written(reply, self._loop.passing, closes=ends, says_keep=says_keep)
        except ValueError as fault:
            log_fault("a reply cannot be written", fault)
            ends, text = True, written(_FAULT, self._loop.passing, closes=True)
        self._written.append(text)
        if ends:
            self._ends = True
            self._waiting.clear()
        self._loop.post(self)

    def _refuse(self, reply: Reply) -> None:
        """End with a reply to what is no request, unless others are still under way."""
        if self._body is not None:
            self._body.stop()
        if self._busy or self._waiting:
            self._hear_no_more()
        elif not self._ends:
            self._leaves_unread = True
            self._reply(reply, _Request({}, None, keeps=False))
        self._environ = None

    def _hear_no_more(self) -> None:
        """Close after the last reply; soon, where none is due."""
        self._hears_no_more, self._environ = True, None
        self._loop.post(self)

    def flush(self) -> None:
        """Send what was written; called by the event loop, once for all that came together."""
        transport, texts = self._transport, self._written
        if transport.is_closing() or self._lingers:
            return
        if texts:
            self._written = []
            transport.write(texts[0] if len(texts) == 1 else b"".join(texts))
        due = self._under_way is not None or bool(self._waiting)
        if self._ends or ((self._hears_no_more or self._loop.stops) and not due):
            self._close()
        elif not (self._chokes or due):
            self._wait_for_more()

    @property
    def idle(self) -> bool:
        """Whether nothing is due and no request has begun."""
        due = self._busy or self._waiting or self._written or self._environ is not None
        return self._begun and not due

    def stop(self) -> None:
        """Close, if it is idle."""
        if self.idle:
            self._transport.close()

    def expire(self) -> None:
        """The deadline has passed."""
        if self._chokes or self._transport.is_closing():
            self._transport.abort()
        elif self._environ is not None and not self._ends:
            self._refuse(_LATE)
        else:
            self._transport.close()

    def abort(self) -> None:
        """End it whatever is under way."""
        if self._body is not None:
            self._body.stop()
        if self._begun:
            self._transport.abort()

    def _close(self) -> None:
        self._ends, self.deadline = True, self._loop.now + TAKING_SECONDS
        if not self._leaves_unread:
            self._transport.close()
            return
        self._lingers, self.deadline = True, self._loop.now + _LINGER_SECONDS
        if not self._transport.is_closing():
            self._transport.write_eof()
        self._read_or_not()

    def _wait_for_more(self) -> None:
        self.since = now = self._loop.now
        self.deadline = now + (IDLE_SECONDS if self._environ is None else HEAD_SECONDS)

    # Whether to take more from the client.

    def _wants_body(self, *, expects: bool) -> Callable[[], None]:
        """What a body calls when somebody reads it."""
        asked_for = not expects

        def taken() -> None:
            nonlocal asked_for
            if not asked_for:
                asked_for = True
                self._loop.soon_threadsafe(self._say_continue)
            self._loop.soon_threadsafe(self._read_or_not)

        return taken

    def _say_continue(self) -> None:
        if not self._transport.is_closing() and self._body is not None and not self._body.ended:
            self._transport.write(_CONTINUE)

    def _read_or_not(self) -> None:
        reads = self._lingers or not (self._chokes or self._full)
        if reads is self._reads or self._transport.is_closing():
            return
        self._reads = reads
        if reads:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    @property
    def _full(self) -> bool:
        """Whether what comes next has to wait: further requests until these are answered, a body until it is read."""
        body = self._body
        if body is not None and not body.ended:
            return body.full
        return self._busy or bool(self._waiting)


def _environ_name(name: bytes) -> str:
    """Where WSGI keeps a header. One whose name has an underscore would pass for another, so it has a place of its own."""
    text = name.decode("latin-1")
    plain = "_UNHEEDED" if "_" in text else text.upper().replace("-", "_")
    key = plain if plain in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{plain}"
    if len(_NAMES) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
        _NAMES[name] = key
    return key


def _target(url: bytes) -> tuple[str, str]:
    """Path (decoded, its bytes as Latin-1, see PEP 3333) and query (as it came)."""
    if not url.startswith(b"/"):
        url = _without_origin(url)
    path, _, query = url.partition(b"#")[0].decode("latin-1").partition("?")
    return (unquote_to_bytes(path).decode("latin-1") if "%" in path else path), query


def _without_origin(url: bytes) -> bytes:
    """What is left of a target that names scheme and host, as for a proxy; other ones as they are."""
    if not url.lower().startswith((b"http://", b"https://")):
        return url
    parts = parse_url(url)
    return (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
