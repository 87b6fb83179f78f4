"""The desk over the tiny shop, with somebody for every role, and a way to use it as they do."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from curation_ui.app import create_app
from recsys.domain.people import OPERATOR, Actor, Role
from recsys.services.people import add_person
from recsys.services.shop import Shop
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder
from recsys.storage.unit_of_work import Database
from support.tiny_shop import SECRET, make_tiny_shop

PASSWORD = "correct horse battery"
FIRST_NEW_ID = 100_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser without scripts: it keeps cookies and sends the token that the last page gave."""

    client: FlaskClient

    def get(self, address: str, **options: object) -> TestResponse:
        """Read a page."""
        return self.client.get(address, **options)

    def post(
        self, address: str, data: dict | None = None, *, token: bool = True, **options: object
    ) -> TestResponse:
        """Send a form, with the session's token unless told otherwise."""
        fields = dict(data or {})
        if token:
            fields["csrf_token"] = self.token()
        return self.client.post(address, data=fields, **options)

    def token(self) -> str:
        """The session's token, as any page carries it."""
        page = self.client.get("/login", follow_redirects=True).text
        return re.search(r'name="csrf-token" content="([^"]+)"', page)[1]

    def sign_in(self, email: str, password: str = PASSWORD, **options: object) -> TestResponse:
        """Sign in by the form."""
        return self.post("/login", {"email": email, "password": password}, **options)


@dataclass(frozen=True, slots=True)
class DeskUnderTest:
    """The application over a shop, and its people."""

    app: Flask
    shop: Shop
    live: LiveHolder

    def visitor(self) -> Visitor:
        """Somebody who is not signed in."""
        return Visitor(self.app.test_client())

    def signed_in(self, role: Role | str) -> Visitor:
        """Somebody of that role, signed in."""
        visitor = self.visitor()
        assert visitor.sign_in(email_of(role)).status_code == 303
        return visitor

    def actor(self, role: Role | str) -> Actor:
        """The person of that role as use cases know them."""
        return Actor(email_of(role), Role(role))


def email_of(role: Role | str) -> str:
    """The address of the person of that role."""
    return f"{Role(role).value}@shop.example"


def make_desk_home(home: Path, database_url: str) -> None:
    """The tiny shop with its people, in an empty but migrated SQLite file below `home`; closed again, to be copied."""
    tiny = make_tiny_shop(home, database_url)
    for role in Role:
        add_person(tiny.shop, OPERATOR, email_of(role), role, PASSWORD)
    tiny.shop.database.close()


def open_desk(home: Path) -> DeskUnderTest:
    """The desk over a home that `make_desk_home` made, or a copy of one."""
    settings = Settings.from_environment({"RECSYS_HOME": str(home), "RECSYS_SECRET_KEY": SECRET})
    numbers = itertools.count(FIRST_NEW_ID)
    shop = Shop(
        Database(settings.database_url),
        settings,
        lambda: datetime.now(UTC),
        lambda kind: f"{kind}-{next(numbers)}",
    )
    live = LiveHolder(shop.database, settings, clock=shop.clock)
    live.catch_up()
    return DeskUnderTest(create_app(shop, live), shop, live)
