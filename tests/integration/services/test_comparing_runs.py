"""What accepting a run would move is what the merge answers before and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tiny_shop import OWNED, PINNED, TinyShop, make_tiny_shop

from recsys.domain.errors import Unavailable
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.requests import Request
from recsys.domain.rules import Pin, RuleSet, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.services.importing import import_interactions
from recsys.services.releasing import accept_run
from recsys.services.run_comparison import DEPTH, compare_run, state_with_run
from recsys.services.runs import find_run
from recsys.slates.answer import Asker
from recsys.slates.refresh import LiveHolder


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> TinyShop:
    tiny = make_tiny_shop(tmp_path / "home", database_url)
    file = tmp_path / "interactions.csv"
    rows = [f"{user},i01,2026-11-01T10:00:00Z" for user in (*OWNED, "newcomer")]
    file.write_text("\n".join(["user_id,item_id,timestamp", *rows]), encoding="utf-8")
    import_interactions(tiny.shop, OPERATOR, file)
    return tiny


def state_of(tiny: TinyShop):
    return LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock).catch_up()


def slates(tiny: TinyShop, state) -> dict[str, list[str]]:
    asker = Asker(tiny.settings.identity_key)
    return {
        user: [
            placed.item_id
            for placed in asker.answer(
                state,
                Request(at=tiny.shop.clock(), surface="home", user=user, limit=DEPTH),
                state.release,
            ).slate.items
        ]
        for user in (*OWNED, "newcomer")
    }


def test_what_stays_and_what_is_covered_is_what_the_merge_answers_once_the_run_is_accepted(tiny):
    found = compare_run(tiny.shop, state_of(tiny), find_run(tiny.shop, "run-2"))
    before = slates(tiny, state_of(tiny))
    accept_run(tiny.shop, OPERATOR, "run-2")
    after = slates(tiny, state_of(tiny))
    kept = [len(set(before[user]) & set(after[user])) / len(before[user]) for user in before]
    assert (found.shoppers, found.at_random) == (len(before), True)
    assert found.kept.mean == pytest.approx(sum(kept) / len(kept))
    assert found.kept.low < found.kept.mean < found.kept.high
    assert found.unmoved == sum(before[user] == after[user] for user in before)
    assert found.shown_before == len(set().union(*before.values()))
    assert found.shown_after == len(set().union(*after.values()))
    assert found.overlap.mean < 1


def test_a_run_beside_itself_moves_nothing(tiny):
    found = compare_run(tiny.shop, state_of(tiny), find_run(tiny.shop, "run-1"))
    assert (found.kept.mean, found.overlap.mean, found.unmoved) == (1, 1, found.shoppers)
    assert all(each.before == each.after for each in found.exposures)


def test_exposure_is_shared_out_whole_by_price_by_age_and_by_popularity(tiny):
    found = compare_run(tiny.shop, state_of(tiny), find_run(tiny.shop, "run-2"))
    for kinds in ({"price", "unpriced"}, {"new", "older", "undated"}, {"head", "tail"}):
        of = [each for each in found.exposures if each.group.kind in kinds]
        assert sum(each.items for each in of) == found.items
        assert sum(each.before for each in of) == pytest.approx(1)
        assert sum(each.after for each in of) == pytest.approx(1)
    bands = [each.group for each in found.exposures if each.group.kind == "price"]
    assert [band.low for band in bands][1:] == [band.high for band in bands][:-1]
    tags = {each.group.name: each.items for each in found.exposures if each.group.kind == "tag"}
    assert {"red": 10, "blue": 10, "green": 10, "ivory": 10}.items() <= tags.items()
    assert len(tags) == 10


def test_the_run_may_be_looked_at_under_the_rules_of_the_draft(tiny):
    state = state_of(tiny)
    veto = Veto(id=RuleId("veto-2"), target=Target(item_id=ItemId(PINNED)), reason="Recalled")
    pin = Pin(id=RuleId("pin-9"), slot=1, item_id=ItemId("i22"), scope=Scope(surface="home"))
    drafted = RuleSet([*state.release.rules, veto, pin])
    extended, proposed = state_with_run(tiny.shop, state, "run-2", drafted)
    request = Request(at=tiny.shop.clock(), surface="home", user="ann", limit=DEPTH)
    shown = [
        placed.item_id
        for placed in Asker(tiny.settings.identity_key).answer(extended, request, proposed).slate.items
    ]
    assert shown[0] == "i22"
    assert PINNED not in shown
    assert compare_run(tiny.shop, state, find_run(tiny.shop, "run-2"), drafted).unmoved == 0
    # The live state itself is as it was.
    assert proposed.number not in state.held
    assert state.release.run_id == "run-1"


def test_without_interactions_the_samples_of_the_run_stand_in_and_it_says_so(database_url, tmp_path):
    tiny = make_tiny_shop(tmp_path / "home", database_url)
    found = compare_run(tiny.shop, state_of(tiny), find_run(tiny.shop, "run-2"))
    assert (found.shoppers, found.at_random) == (len(OWNED), False)


def test_a_run_whose_snapshot_is_gone_is_told_in_words(tiny):
    (tiny.settings.snapshots_dir / "run-2").rename(tiny.settings.snapshots_dir / "elsewhere")
    with pytest.raises(Unavailable, match="run-2"):
        compare_run(tiny.shop, state_of(tiny), find_run(tiny.shop, "run-2"))
