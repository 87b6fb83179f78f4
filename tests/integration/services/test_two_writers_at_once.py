from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from recsys.domain.errors import Conflict
from recsys.services.auditing import verify
from recsys.services.catalog import upsert_items
from recsys.services.drafting import put_rule, read_draft
from recsys.services.releasing import publish, releases
from recsys.services.seeding import ensure_first_release
from tests.integration.rule_examples import pin
from tests.integration.shops import ADA, ANN, BOB, PAT, item, make_shop, outcome, save


@pytest.fixture
def at_once(database_url: str, tmp_path: Path):
    """Give a function that runs calls in threads, each with its own engine, all starting together."""
    shops = [make_shop(database_url, tmp_path / "home") for _ in range(4)]

    def run(calls):
        barrier = Barrier(len(calls))

        def one(pair):
            barrier.wait()
            return outcome(lambda: pair[1](pair[0]))

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, zip(shops, calls, strict=False)))

    yield run
    for each in shops:
        each.database.close()


def test_two_publications_at_once_make_two_releases_in_one_line(shop, at_once):
    first, second = save(shop, ANN, pin(1, rule_id="pin-1")), save(shop, BOB, pin(2, rule_id="pin-2"))
    made = at_once([lambda each: publish(each, PAT, [first]), lambda each: publish(each, PAT, [second])])
    assert sorted(each.number for each in made) == [2, 3]
    assert {rule.id for rule in read_draft(shop).live} >= {"pin-1", "pin-2"}
    assert verify(shop) == []


def test_of_two_publications_that_saw_the_same_release_one_is_told(shop, at_once):
    changes = [save(shop, ANN, pin(slot, rule_id=f"pin-{slot}")) for slot in (1, 2)]
    made = at_once(
        [lambda each, change=change: publish(each, PAT, [change], expected_release=1) for change in changes]
    )
    assert sum(isinstance(each, Conflict) for each in made) == 1
    assert [each.number for each in releases(shop)] == [2, 1]
    assert len(read_draft(shop).changes) == 1


def test_the_same_changes_are_published_once(shop, at_once):
    change = save(shop, ANN, pin())
    made = at_once([lambda each: publish(each, PAT, [change])] * 4)
    assert sum(isinstance(each, Conflict) for each in made) == 3
    assert len(releases(shop)) == 2


def test_of_editors_who_save_the_same_rule_at_once_one_wins_and_the_others_are_told(shop, at_once):
    made = at_once(
        [lambda each, slot=slot: put_rule(each, ANN, pin(slot), expected="new") for slot in (1, 2, 3, 4)]
    )
    (winner,) = [each for each in made if not isinstance(each, Conflict)]
    losers = [each for each in made if isinstance(each, Conflict)]
    assert all(each.theirs == winner.after for each in losers)
    assert len(read_draft(shop).changes) == 1


def test_catalog_writes_at_once_take_a_revision_each(shop, at_once):
    made = at_once(
        [
            lambda each, n=n: upsert_items(each, ADA, [item(f"item-{n}"), item("all", f"{n}")])
            for n in range(4)
        ]
    )
    assert sorted(each.revision for each in made) == [1, 2, 3, 4]


def test_a_new_shop_gets_one_first_release(new_shop, at_once):
    made = at_once([lambda each: ensure_first_release(each, PAT)] * 4)
    assert {each.number for each in made} == {1}
    assert len(releases(new_shop)) == 1
