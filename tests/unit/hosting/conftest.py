"""A running event loop, and a client of it."""

from __future__ import annotations

from contextlib import closing

import pytest
from support.connections import Client, Echo, running

from recsys.hosting import event_loop


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def port(echo, monkeypatch):
    monkeypatch.setattr(event_loop, "_TICK_SECONDS", 0.02)
    with running(echo) as (port, _):
        yield port
    echo.go_on.set()


@pytest.fixture
def client(port):
    with closing(Client(port)) as made:
        yield made
