"""An invitation lets one person in, once, for a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.people import Role
from recsys.services.auditing import entries
from recsys.services.invitations import GOOD_FOR, invite, invited, join, new_link
from recsys.services.people import (
    change_password,
    check_password,
    deactivate,
    find_person,
    set_password,
    sign_out_everywhere,
)
from tests.integration.shops import ADA, ANN, PAT

EVE = "eve@shop.example"
PASSWORD = "four words in a row"


def test_who_is_invited_chooses_a_password_and_comes_in(shop):
    made = invite(shop, ADA, "Eve@Shop.example", Role.EDITOR, name="Eve")
    assert (made.person.email, made.person.role, made.person.joined) == (EVE, Role.EDITOR, False)
    assert invited(shop, made.token) == made.person
    assert join(shop, made.token, PASSWORD).joined
    assert check_password(shop, EVE, PASSWORD).name == "Eve"
    assert [each.command for each in entries(shop, target=EVE)] == ["person.join", "person.invite"]


def test_nobody_signs_in_before_a_password_is_chosen(shop):
    invite(shop, ADA, EVE, Role.ADMIN)
    for guess in ("", "!", PASSWORD):
        assert check_password(shop, EVE, guess) is None


def test_a_link_works_once(shop):
    made = invite(shop, ADA, EVE, Role.EDITOR)
    join(shop, made.token, PASSWORD)
    with pytest.raises(NotFound, match="used already"):
        join(shop, made.token, "another good password")
    assert check_password(shop, EVE, PASSWORD)


def test_a_poor_password_leaves_the_link_usable(shop):
    made = invite(shop, ADA, EVE, Role.EDITOR)
    with pytest.raises(Invalid, match="10 characters"):
        join(shop, made.token, "short")
    join(shop, made.token, PASSWORD)


def test_a_link_ends_after_a_week(shop):
    made = invite(shop, ADA, EVE, Role.EDITOR)
    just_before = replace(shop, clock=lambda: made.until - timedelta(seconds=1))
    assert invited(just_before, made.token).email == EVE
    with pytest.raises(NotFound):
        invited(replace(shop, clock=lambda: made.until), made.token)
    assert made.until - find_person(shop, EVE).created_at <= GOOD_FOR


def test_a_new_link_replaces_the_old_one_and_mends_a_forgotten_password(shop):
    first = invite(shop, ADA, EVE, Role.EDITOR)
    second = new_link(shop, ADA, EVE)
    with pytest.raises(NotFound):
        invited(shop, first.token)
    join(shop, second.token, PASSWORD)
    third = new_link(shop, ADA, EVE)
    assert check_password(shop, EVE, PASSWORD), "the old password works until the new one is chosen"
    join(shop, third.token, "a new good password")
    assert check_password(shop, EVE, PASSWORD) is None
    assert check_password(shop, EVE, "a new good password")


def test_whoever_is_kept_out_does_not_come_in_by_a_link(shop):
    made = invite(shop, ADA, EVE, Role.EDITOR)
    deactivate(shop, ADA, EVE)
    with pytest.raises(NotFound):
        invited(shop, made.token)
    with pytest.raises(Invalid, match="let them in again"):
        new_link(shop, ADA, EVE)


def test_a_link_that_was_tampered_with_is_none(shop):
    token = invite(shop, ADA, EVE, Role.EDITOR).token
    said, _, signature = token.partition(".")
    other = invite(shop, ADA, "mallory@shop.example", Role.VIEWER).token.partition(".")[2]
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]
    for wrong in ("", ".", said, f"{said}.", f"{said}.{other}", f"{said}.{changed}", f"x{token}",
                  "é.é", "a" * 5000):  # fmt: skip
        with pytest.raises(NotFound):
            invited(shop, wrong)


def test_another_shops_key_signs_no_link_of_this_one(shop):
    made = invite(shop, ADA, EVE, Role.EDITOR)
    elsewhere = replace(
        shop, settings=replace(shop.settings, secret_key=b"another secret of thirty-two byte")
    )
    with pytest.raises(NotFound):
        invited(elsewhere, made.token)


def test_only_admins_invite_and_no_address_twice(shop):
    for actor in (ANN, PAT):
        with pytest.raises(Forbidden):
            invite(shop, actor, EVE, Role.VIEWER)
        with pytest.raises(Forbidden):
            new_link(shop, actor, EVE)
    invite(shop, ADA, EVE, Role.VIEWER)
    with pytest.raises(Conflict):
        invite(shop, ADA, EVE, Role.ADMIN)
    assert find_person(shop, EVE).role is Role.VIEWER


def test_ones_own_password_is_changed_by_whoever_knows_the_present_one(shop):
    eve = join(shop, invite(shop, ADA, EVE, Role.EDITOR).token, PASSWORD)
    with pytest.raises(Invalid, match="present password"):
        change_password(shop, eve.actor, "a guess at it", "a new good password")
    assert change_password(shop, eve.actor, PASSWORD, "a new good password").session_epoch > eve.session_epoch
    assert check_password(shop, EVE, "a new good password")


def test_sessions_are_ended_by_oneself_or_an_admin_alone(shop):
    eve = join(shop, invite(shop, ADA, EVE, Role.EDITOR).token, PASSWORD)
    with pytest.raises(Forbidden):
        sign_out_everywhere(shop, PAT, EVE)
    first = sign_out_everywhere(shop, eve.actor, EVE)
    second = sign_out_everywhere(shop, ADA, EVE)
    assert eve.session_epoch < first.session_epoch < second.session_epoch
    assert set_password(shop, ADA, EVE, "a new good password").joined
