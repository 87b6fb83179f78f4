"""Requests as a WSGI server hands them in."""

from __future__ import annotations

import io

import pytest

from recsys.serving.http import HttpRequest


@pytest.fixture
def incoming():
    """Make a request; headers are given as keywords, with underscores."""

    def make(path="/", *, method="GET", query="", body=b"", **headers):
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
        }
        for name, value in headers.items():
            plain = name in {"content_type", "content_length"}
            environ[name.upper() if plain else f"HTTP_{name.upper()}"] = value
        return HttpRequest(environ)

    return make
