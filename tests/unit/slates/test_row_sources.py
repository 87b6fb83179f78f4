"""What each kind of row lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.tiny_shop import OWNED, TinyShop, make_tiny_shop

from recsys.domain.ids import ItemId, UserId
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.views import Kind
from recsys.slates.answer import Asker
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.refresh import LiveHolder
from recsys.slates.rows import RowSources
from recsys.slates.state import LiveState

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS = tuple(
    RowSettings(f"row-{n}", kind=kind, repeats=kind is RowKind.BUY_AGAIN)
    for n, kind in enumerate(
        [RowKind.BECAUSE, RowKind.TRENDING, RowKind.BECAUSE, RowKind.NEW, RowKind.POPULAR, RowKind.BUY_AGAIN]
    )
)
BECAUSE, TRENDING, BECAUSE_TOO, NEW, POPULAR, AGAIN = ROWS


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, upgrade) -> Iterator[TinyShop]:
    folder = tmp_path_factory.mktemp("rows")
    upgrade(f"sqlite:///{folder / 'recsys.db'}")
    yield (made := make_tiny_shop(folder, f"sqlite:///{folder / 'recsys.db'}"))
    made.shop.database.close()


@pytest.fixture(scope="module")
def state(tiny) -> LiveState:
    return LiveHolder(tiny.shop.database, tiny.settings).catch_up()


@pytest.fixture
def sources(tiny, state):
    def make(user=None, **question):
        asked = Request(at=NOW, surface="home", user=None if user is None else UserId(user), **question)
        views = Asker(tiny.settings.identity_key).views(state, asked, state.release)
        return RowSources(state, state.release, views.request, views.candidates, ROWS)

    return make


def listed(sources, row):
    return list(sources.of(row).beside())


@pytest.mark.parametrize("row", ROWS)
def test_a_list_holds_each_item_once_best_first_within_0_and_1(sources, row):
    found = listed(sources("ann"), row)
    assert found
    assert len({each.item_id for each in found}) == len(found)
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


@pytest.mark.parametrize(("row", "here", "anywhere"), [
    (POPULAR, Kind.POPULAR_HERE, Kind.POPULAR), (TRENDING, Kind.TRENDING_HERE, Kind.TRENDING),
])  # fmt: skip
def test_what_leads_in_the_market_comes_before_what_leads_elsewhere(sources, row, here, anywhere):
    kinds = [each.kind for each in listed(sources(market="FR"), row)]
    assert kinds == sorted(kinds, key=[here, anywhere].index)
    assert here in kinds
    assert {each.kind for each in listed(sources(), row)} == {anywhere}
    assert {each.kind for each in listed(sources(market="Atlantis"), row)} == {anywhere}


def test_each_row_of_a_because_is_about_another_item_that_the_shopper_has(sources):
    ann = sources("ann")
    behind = [ann.of(row).because(listed(ann, row)[0]) for row in (BECAUSE, BECAUSE_TOO)]
    assert {about for ((about, _),) in behind} == set(OWNED["ann"])
    assert {share for ((_, share),) in behind} == {1.0}
    assert listed(sources("bob"), BECAUSE)
    assert listed(sources("bob"), BECAUSE_TOO) == []


def test_a_row_is_not_about_an_item_that_may_not_be_shown(tiny, state, sources):
    ann = sources("ann")
    first = ann.of(BECAUSE).because(listed(ann, BECAUSE)[0])[0][0]
    gone = replace(state.catalog.get(first), available=False)
    changed = replace(state, catalog=state.catalog.updated(99, [(state.catalog.seq_of(first), gone)]))
    views = Asker(tiny.settings.identity_key).views(changed, ann.request, state.release)
    after = RowSources(changed, state.release, views.request, views.candidates, ROWS)
    assert after.of(BECAUSE).because(listed(after, BECAUSE)[0])[0][0] in set(OWNED["ann"]) - {first}


def test_personal_lists_are_empty_for_strangers_and_without_personalisation(sources):
    for asked in (sources(), sources("stranger"), sources("ann", personalised=False)):
        assert [listed(asked, row) for row in (BECAUSE, BECAUSE_TOO, AGAIN)] == [[], [], []]
        assert listed(asked, TRENDING)
        assert listed(asked, NEW)


def test_a_newcomer_with_items_has_rows_about_them(sources):
    newcomer = sources("new", items=(ItemId("i01"),))
    assert newcomer.title(BECAUSE) == "Because you bought Red Mug"
    assert listed(newcomer, BECAUSE)


def test_arrivals_are_the_newest_up_to_the_moment_asked_about(state):
    arrived = state.catalog.arrivals(NOW, 100)
    added = [state.catalog.get(each).added_at for each in arrived]
    assert added == sorted(added, reverse=True)
    assert len(arrived) == 40
    before = state.catalog.arrivals(datetime(2026, 1, 10, tzinfo=UTC), 100)
    assert before == [
        each for each in arrived if state.catalog.get(each).added_at <= datetime(2026, 1, 10, tzinfo=UTC)
    ]
    assert state.catalog.arrivals(NOW, 3) == arrived[:3]
    assert CompiledCatalog(0).arrivals(NOW, 3) == []


def test_titles_are_never_empty(sources):
    assert [sources("ann", market="GB").title(row) for row in ROWS[3:]] == [
        "New in the shop",
        "Popular in GB",
        "Buy again",
    ]
    assert sources().title(POPULAR) == "Popular"
    assert sources().title(replace(POPULAR, title="Loved by many")) == "Loved by many"
