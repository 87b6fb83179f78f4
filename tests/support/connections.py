"""An application that tells what it was asked, on an event loop in a thread, and a client that speaks to it byte by byte."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http.client import HTTPResponse

from recsys.hosting import bodies
from recsys.hosting.event_loop import EventLoop

PATIENCE_SECONDS = 10
BOUGHT = "anna bought a lamp"
GET = b"GET /%s HTTP/1.1\r\nHost: shop\r\n\r\n"


class Echo:
    """Tells what it was asked: at once, or slowly where the path begins with /slow; /wait waits until it may go on."""

    def __init__(self):
        self.go_on = threading.Event()
        self.begun = threading.Event()
        self.failures = []

    def begin(self, environ):
        path = environ["PATH_INFO"]
        if path == "/fails":
            raise RuntimeError(BOUGHT)
        if path == "/split":
            return 200, [("X-Two", "one\r\nSet-Cookie: two")], b""
        if path.startswith(("/slow", "/wait", "/fails-slowly")):
            return lambda: self._slowly(environ, path)
        return told(environ, b"")

    def _slowly(self, environ, path):
        if path == "/fails-slowly":
            raise RuntimeError(BOUGHT)
        if path == "/wait":
            self.begun.set()
            assert self.go_on.wait(PATIENCE_SECONDS)
        if path == "/slow-unread" or "wsgi.input" not in environ:
            return told(environ, b"")
        try:
            return told(environ, environ["wsgi.input"].read(10_000_000))
        except bodies.BodyStopped as stopped:
            self.failures.append(stopped)
            return 408, [("Content-Length", "0")], b""


def told(environ, body):
    names = sorted(name for name in environ if name.startswith("HTTP_X_") or name == "QUERY_STRING")
    said = [environ["REQUEST_METHOD"], environ["PATH_INFO"], *(f"{name}={environ[name]}" for name in names)]
    text = " ".join(said).encode("latin-1") + b" " + body
    return 200, [("Content-Length", str(len(text)))], text


@contextmanager
def running(application, grace=0.5):
    listening = socket.create_server(("127.0.0.1", 0))
    loop = EventLoop(application, listening, grace)
    thread = threading.Thread(target=loop.run_forever, args=((),), daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], loop
    finally:
        loop.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


class Client:
    """A connection whose answers are read one after another."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._reader = self._socket.makefile("rb")
        self.sendall, self.shutdown = self._socket.sendall, self._socket.shutdown

    def makefile(self, _mode):
        return Kept(self._reader)

    def recv(self, size):
        return self._reader.read(size)

    def close(self):
        self._reader.close()
        self._socket.close()


class Kept:
    """What a response reads from and closes, when the next one is still to come."""

    def __init__(self, reader):
        self.read, self.readline, self.readinto = reader.read, reader.readline, reader.readinto

    def close(self):
        pass

    def flush(self):
        pass


def answer(client):
    """The next response on a connection: status, headers and body."""
    response = HTTPResponse(client)
    response.begin()
    return response.status, response.headers, response.read()


def ask(client, request):
    client.sendall(request)
    return answer(client)


def ended(client):
    """Whether the server closed the connection."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
