"""From a run to the product page and the cart: what stands beside an item, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.plain import PlainCatalog

from recsys.batch.run import run_batch
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.live import PlainRules
from recsys.domain.merge import merge
from recsys.domain.requests import Request
from recsys.domain.rules import RuleSet
from recsys.domain.views import Kind
from recsys.models.content import ItemText
from recsys.slates.popularity import Popularity
from recsys.slates.shopper import ShopperView
from recsys.snapshots.mapped import Snapshot

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TITLES = {
    "cup": "Red cup",
    "saucer": "Saucer",
    "new-cup": "Red cup, new",
    "spade": "Garden spade",
    "rake": "Rake",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """A shop where cup and saucer go together, spade and rake do, and nobody has bought the new cup yet."""
    pairs = [(n, ("cup", "saucer") if n % 2 else ("spade", "rake")) for n in range(40)]
    rows = [(f"u{n}", f"o{n}", item) for n, items in pairs for item in items]
    columns = dict(zip(("user_id", "order_id", "item_id"), zip(*rows, strict=True), strict=True))
    catalog = [ItemText(item_id, title) for item_id, title in TITLES.items()]
    result = run_batch(
        build_training_data(interactions_table(columns), TITLES),
        catalog=catalog,
        model="popular",
        folder=tmp_path_factory.mktemp("runs") / "run-1",
        run_id="run-1",
        identity_key=b"a key of the shop",
        seed=1,
        created_at=NOW,
    )
    return Snapshot.open(result.snapshot_folder)


@pytest.fixture
def beside(snapshot):
    """What stands beside some context items, best first: (id, kind)."""

    def ask(*context):
        view = ShopperView(snapshot, Popularity(snapshot), None, tuple(map(ItemId, context)))
        return [(each.item_id, each.kind) for each in view.beside()]

    return ask


def slate(snapshot, *context):
    context = tuple(map(ItemId, context))
    view = ShopperView(snapshot, Popularity(snapshot), None, context)
    catalog = PlainCatalog.of(*(Item(ItemId(each), title) for each, title in TITLES.items()))
    request = Request(at=NOW, context=context, limit=10)
    return {
        each.item_id: each.reason
        for each in merge(view, PlainRules(RuleSet(), catalog, b"key"), request, catalog).items
    }


def test_beside_an_item_stand_its_companions_before_what_is_alike(beside):
    assert beside("cup") == [("saucer", Kind.BESIDE), ("new-cup", Kind.SIMILAR)]


def test_beside_an_item_nobody_bought_stands_what_is_alike(beside):
    assert beside("new-cup") == [("cup", Kind.SIMILAR)]


def test_in_a_cart_what_was_bought_with_anything_comes_before_what_is_alike(beside):
    assert beside("cup", "spade") == [
        ("rake", Kind.BESIDE),
        ("saucer", Kind.BESIDE),
        ("new-cup", Kind.SIMILAR),
    ]


def test_what_is_alike_to_one_context_item_and_bought_with_another_counts_as_bought(beside):
    assert ("cup", Kind.BESIDE) in beside("new-cup", "saucer")


def test_the_reason_says_similar_where_no_purchase_speaks(snapshot):
    reasons = slate(snapshot, "cup")
    assert reasons["saucer"].text == "Often bought with Red cup"
    assert reasons["new-cup"].text == "Similar to Red cup"


def test_a_reason_for_what_was_bought_together_does_not_name_what_is_only_alike(snapshot):
    reason = slate(snapshot, "new-cup", "saucer")["cup"]
    assert reason.text == "Often bought with Saucer"
    assert [each.item_id for each in reason.because] == ["saucer"]
