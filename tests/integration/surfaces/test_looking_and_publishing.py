"""The surface page answers for every view, and the publishing page for every selection."""

from __future__ import annotations

import pytest
from support.desk import email_of
from support.tiny_shop import VETOED

from recsys.domain.people import Actor, Role
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.services.drafting import put_rule, read_draft
from recsys.services.preview import Question, Stage, look
from recsys.services.releasing import releases
from recsys.services.shop import Shop

EDITOR = Actor(email_of(Role.EDITOR), Role.EDITOR)
JO = Actor("jo@shop.example", Role.EDITOR)


def pin(shop: Shop, actor: Actor, item: str, slot: int):
    rule = Pin(id=f"pin-{item}", slot=slot, item_id=item, scope=Scope(surface="home"))
    return put_rule(shop, actor, rule, expected="new")


@pytest.mark.parametrize(
    "address",
    [
        "/surfaces/home",
        "/surfaces/home?as=ann&show=live",
        "/surfaces/home?as=nobody-knows",
        "/surfaces/home?rules=off&market=FR&segment=trade",
        "/surfaces/home?show=difference",
        "/surfaces/home?at=2030-01-01T10:00&zone=Asia/Tokyo",
        "/surfaces/product?context=i01&slot=3",
        "/surfaces/product",
        "/surfaces/cart?context=i01&context=i02",
    ],
)
def test_every_view_is_a_page_of_its_own(shop, viewer, address):
    pin(shop, JO, "i20", 2)
    assert viewer.get(address).status_code == 200


def test_the_grid_is_what_the_preview_answers(desk, shop, viewer):
    question = Question(surface="home", at=shop.clock(), user="ann", limit=20)
    slate = look(shop, desk.live.current(), question, Stage.DRAFT).slate
    page = viewer.get("/surfaces/home?as=ann").text
    shown = [part.split('"', 1)[0] for part in page.split('<li class="cell" data-item="')[1:]]
    assert shown == [placed.item_id for placed in slate.items]


def test_a_time_that_does_not_exist_is_refused_in_words_and_the_page_still_shows_something(viewer):
    page = viewer.get("/surfaces/home?as=ann&at=2026-03-29T01:30&zone=Europe/London").text
    assert "does not exist in Europe/London" in page
    assert 'class="cell"' in page


def test_an_unknown_surface_is_not_found(viewer):
    assert viewer.get("/surfaces/nowhere").status_code == 404


def test_the_way_to_the_surfaces_leads_home(viewer):
    assert viewer.get("/surfaces/").headers["Location"] == "/surfaces/home"


def test_searching_finds_what_is_not_on_the_grid(editor):
    found = editor.get("/surfaces/home/find?q=garland", htmx=True).text
    assert found.count("data-item=") == 4
    assert "Nothing in the catalog matches" in editor.get("/surfaces/home/find?q=zzzz", htmx=True).text


def test_titles_cannot_smuggle_markup_onto_the_page(shop, editor):
    page = editor.get("/surfaces/home/find?q=%3Cscript%3E", htmx=True).text
    assert "<script>" not in page


def test_others_in_the_draft_are_named(shop, editor):
    pin(shop, JO, "i20", 2)
    assert "jo@shop.example is in this draft too, with 1 change here." in editor.get("/surfaces/home").text


def test_the_difference_says_what_moves(shop, viewer):
    pin(shop, JO, "i20", 1)
    page = viewer.get("/surfaces/home?show=difference").text
    assert "Pinned Blue Garland to slot 1" in page
    assert "was 1" in page


def test_the_publish_button_counts_the_changes(shop, publisher):
    assert "Nothing to publish" in publisher.get("/surfaces/home").text
    pin(shop, JO, "i20", 1)
    assert "Publish 1 change <kbd" in publisher.get("/surfaces/home").text


def test_publishing_only_ones_own_changes_leaves_the_others_in_the_draft(shop, publisher):
    mine = put_rule(
        shop,
        Actor(email_of(Role.PUBLISHER), Role.PUBLISHER),
        Pin(id="pin-mine", slot=1, item_id="i20", scope=Scope(surface="home")),
        expected="new",
    )
    theirs = pin(shop, JO, "i21", 2)
    page = publisher.get("/publish?pick=mine").text
    assert f'id="change-{mine.id}" checked' in page
    assert f'id="change-{theirs.id}" checked' not in page
    answer = publisher.post("/publish", change=[mine.id], back="/surfaces/home?as=ann", comment="Mine")
    assert answer.headers["HX-Redirect"] == "/surfaces/home?as=ann"
    assert [change.id for change in read_draft(shop).changes] == [theirs.id]
    assert releases(shop)[0].comment == "Mine"


def test_after_publishing_one_returns_to_where_one_was_and_is_told_the_number(shop, publisher):
    change = pin(shop, JO, "i20", 1)
    answer = publisher.post("/publish", htmx=False, change=[change.id], back="/surfaces/home?as=ann")
    assert answer.headers["Location"] == "/surfaces/home?as=ann"
    number = releases(shop)[0].number
    assert f"Published as release {number}" in publisher.get("/surfaces/home?as=ann").text


def test_publishing_never_leads_to_another_site(shop, publisher):
    change = pin(shop, JO, "i20", 1)
    answer = publisher.post("/publish", change=[change.id], back="//evil.example/")
    assert answer.headers["HX-Redirect"] == "/surfaces/"


def test_an_editor_sees_the_consequences_but_may_not_publish(shop, editor):
    change = pin(shop, EDITOR, "i20", 1)
    assert "Propose to a publisher" in editor.get("/publish").text
    assert editor.post("/publish", change=[change.id]).status_code == 403
    assert len(read_draft(shop).changes) == 1


def test_a_stale_publication_is_refused_when_another_release_went_live(shop, publisher):
    change, other = pin(shop, JO, "i20", 1), pin(shop, JO, "i21", 2)
    seen = str(read_draft(shop).live_number)
    assert publisher.post("/publish", change=[other.id], expected=seen).status_code == 204
    assert publisher.post("/publish", change=[change.id], expected=seen).status_code == 409
    assert [each.id for each in read_draft(shop).changes] == [change.id]


def test_the_consequences_of_a_choice_are_said_before_it_is_published(shop, publisher):
    change = pin(shop, JO, VETOED, 1)
    words = publisher.post("/publish/check", change=[change.id]).text
    assert "Breaks in the post" in words
    assert "1 of 1 chosen" in words
    assert "Choose at least one change" in publisher.post("/publish/check").text


@pytest.mark.parametrize(
    "path", ["/surfaces/home", "/surfaces/home/find?q=a", "/surfaces/home/rules/pin-mug", "/publish"]
)
def test_nobody_looks_without_signing_in(desk, path):
    assert desk.visitor().get(path).status_code in {302, 303, 401}


@pytest.mark.parametrize("path", ["/publish", "/publish/check"])
def test_a_forged_publication_is_refused(shop, publisher, path):
    change = pin(shop, JO, "i20", 1)
    assert publisher.post(path, forged=True, change=change.id).status_code == 400
    assert len(read_draft(shop).changes) == 1
