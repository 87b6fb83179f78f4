"""The desk over the tiny shop, with somebody for every role, and a way to use it as they do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from curation_ui.app import create_app
from flask import Flask
from flask.testing import FlaskClient
from recsys.domain.people import OPERATOR, Actor, Role
from recsys.services.people import add_person
from recsys.services.shop import Shop
from recsys.slates.refresh import LiveHolder
from support.tiny_shop import make_tiny_shop
from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser without scripts: it keeps cookies and sends the token that the last page gave."""

    client: FlaskClient

    def get(self, address: str, **options: object) -> TestResponse:
        """Read a page."""
        return self.client.get(address, **options)

    def post(self, address: str, data: dict | None = None, *, token: bool = True, **options: object) -> TestResponse:
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


def make_desk(home: Path, database_url: str, **options: object) -> DeskUnderTest:
    """The desk over the tiny shop, in an empty but migrated database."""
    tiny = make_tiny_shop(home, database_url, **options)
    for role in Role:
        add_person(tiny.shop, OPERATOR, email_of(role), role, PASSWORD)
    live = LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock)
    live.catch_up()
    return DeskUnderTest(create_app(tiny.shop, live), tiny.shop, live)
