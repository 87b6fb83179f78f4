from __future__ import annotations

import hashlib

import argon2
import pytest
from sqlalchemy import select

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.people import Role
from recsys.services.auditing import entries
from recsys.services.keys import add_key, keys, revoke_key
from recsys.services.people import (
    add_person,
    change_role,
    check_password,
    deactivate,
    everyone,
    find_person,
    reactivate,
    set_password,
)
from recsys.storage.live import load_keys, read_pointer
from recsys.storage.tables import Base
from tests.integration.shops import ADA, PAT, everything

PASSWORD = "correct horse"


@pytest.fixture
def ann(shop):
    """Give an editor who may sign in."""
    return add_person(shop, ADA, "Ann@Shop.example ", Role.EDITOR, PASSWORD, name="Ann")


def test_a_person_signs_in_with_their_address_in_any_case(shop, ann):
    assert ann.email == "ann@shop.example"
    assert check_password(shop, " ANN@shop.example", PASSWORD) == ann
    assert check_password(shop, "ann@shop.example", "wrong horse") is None
    assert check_password(shop, "nobody@shop.example", PASSWORD) is None
    assert ann.actor.role is Role.EDITOR


@pytest.mark.parametrize(
    "email", ["", "ann", "ann@", "@shop", "a b@shop.example", "a@b\n", "x" * 250 + "@y.example"]
)
def test_an_address_that_is_none_is_refused(shop, email):
    with pytest.raises(Invalid, match="email: give an e-mail address"):
        add_person(shop, ADA, email + "\x00" if email.endswith("\n") else email, Role.EDITOR, PASSWORD)


def test_a_short_password_is_refused(shop, ann):
    with pytest.raises(Invalid, match="at least 10"):
        add_person(shop, ADA, "b@shop.example", Role.EDITOR, "nine char")
    with pytest.raises(Invalid, match="at least 10"):
        set_password(shop, ADA, ann.email, "nine char")


def test_an_address_is_taken_once(shop, ann):
    with pytest.raises(Conflict, match="here already"):
        add_person(shop, ADA, ann.email.upper(), Role.VIEWER, PASSWORD)


def test_what_ends_a_persons_sessions(shop, ann):
    epochs = [ann.session_epoch]
    epochs.append(change_role(shop, ADA, ann.email, Role.PUBLISHER).session_epoch)
    epochs.append(set_password(shop, ann.actor, ann.email, "another horse").session_epoch)
    epochs.append(deactivate(shop, ADA, ann.email).session_epoch)
    assert epochs == sorted(set(epochs))
    assert check_password(shop, ann.email, "another horse") is None
    reactivate(shop, ADA, ann.email)
    assert check_password(shop, ann.email, "another horse").role is Role.PUBLISHER


def test_one_active_admin_remains(shop):
    admin = add_person(shop, ADA, "ada@shop.example", Role.ADMIN, PASSWORD)
    for attempt in (
        lambda: deactivate(shop, ADA, admin.email),
        lambda: change_role(shop, ADA, admin.email, Role.EDITOR),
    ):
        with pytest.raises(Invalid, match="one active admin"):
            attempt()
    assert find_person(shop, admin.email) == admin
    add_person(shop, ADA, "second@shop.example", Role.ADMIN, PASSWORD)
    assert deactivate(shop, ADA, admin.email).active is False


def test_only_admins_manage_people_and_keys(shop, ann):
    before = everything(shop)
    for attempt in (
        lambda: add_person(shop, PAT, "x@shop.example", Role.ADMIN, PASSWORD),
        lambda: change_role(shop, PAT, ann.email, Role.ADMIN),
        lambda: deactivate(shop, PAT, ann.email),
        lambda: set_password(shop, PAT, ann.email, "another horse"),
        lambda: add_key(shop, PAT, "site", ["read"]),
        lambda: revoke_key(shop, PAT, "key-1"),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert everything(shop) == before
    with pytest.raises(NotFound):
        deactivate(shop, ADA, "nobody@shop.example")


def test_a_hash_of_older_parameters_is_renewed_at_sign_in(shop, ann):
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with shop.database.write() as unit:
        unit.people.rehash(ann.email, weak)
    assert check_password(shop, ann.email, PASSWORD) == ann
    with shop.database.read() as unit:
        assert unit.people.password_hash(ann.email) != weak
    assert check_password(shop, ann.email, PASSWORD) == ann


def test_people_are_listed_by_address(shop, ann):
    add_person(shop, ADA, "a@shop.example", Role.VIEWER, PASSWORD)
    assert [each.email for each in everyone(shop)] == ["a@shop.example", ann.email]


def test_a_key_is_shown_once_and_known_by_its_hash(shop):
    text, info = add_key(shop, ADA, "site", ["events", "read"], rate_limit=600)
    assert text.startswith("rk_")
    assert len(text) == 46
    assert info.key_hash == hashlib.sha256(text.encode()).hexdigest()
    assert text.startswith(info.prefix)
    assert (info.scopes, info.rate_limit) == (("read", "events"), 600)
    assert keys(shop) == [info]


def test_a_key_that_is_made_or_revoked_reaches_the_workers(shop):
    _, info = add_key(shop, ADA, "page", ["read"], publishable=True, origins=["https://Shop.example"])
    with shop.database.connect() as connection:
        made = read_pointer(connection).overlay_revision
        assert load_keys(connection) == [info]
    assert info.origins == ("https://shop.example",)
    revoke_key(shop, ADA, info.id)
    with shop.database.connect() as connection:
        assert read_pointer(connection).overlay_revision == made + 1
        assert load_keys(connection) == []
    with pytest.raises(Conflict):
        revoke_key(shop, ADA, info.id)
    with pytest.raises(NotFound):
        revoke_key(shop, ADA, "key-99")


NO_ORIGINS = (
    "https://[",
    "https://a.example:x",
    "https://a.example:99999",
    "https://me@a.example",
    "https://*.a.example",
    "https://a b.example",
    "https://a.example?b=1",
    "https://a.example#x",
    "https://ä.example",
    "null",
)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (" HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("http://localhost:8002", "http://localhost:8002"),
        ("http://[::1]:8002", "http://[::1]:8002"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it_and_once(shop, typed, sent):
    _, info = add_key(shop, ADA, "page", ["read"], publishable=True, origins=[typed, sent])
    assert info.origins == (sent,)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scope"),
        ({"scopes": ["write"]}, "scope"),
        ({"scopes": ["admin"], "publishable": True, "origins": ["https://a.example"]}, "scope"),
        ({"publishable": True}, "origin"),
        ({"origins": ["https://a.example"]}, "origin"),
        ({"publishable": True, "origins": ["a.example"]}, "origin"),
        ({"publishable": True, "origins": ["https://a.example/path"]}, "origin"),
        *(({"publishable": True, "origins": [bad]}, "origin") for bad in NO_ORIGINS),
        ({"rate_limit": 0}, "rate_limit"),
        ({"name": " "}, "name"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(shop, wrong, field):
    with pytest.raises(Invalid) as told:
        add_key(shop, ADA, **{"name": "site", "scopes": ["read"], **wrong})
    assert told.value.field == field


def test_no_secret_stands_in_any_table_or_entry(shop, ann):
    text, _ = add_key(shop, ADA, "site", ["read"])
    set_password(shop, ADA, ann.email, "another horse")
    with shop.database.read() as unit:
        for table in Base.metadata.sorted_tables:
            rows = repr(unit.session.execute(select(table)).all())
            assert not any(secret in rows for secret in (text, text[3:], PASSWORD, "another horse"))
    assert [each.command for each in entries(shop, command="person")] == ["person.password", "person.add"]
