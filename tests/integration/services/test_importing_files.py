from __future__ import annotations

from datetime import timedelta

import pytest

from recsys.data.store import InteractionStore
from recsys.domain.errors import Forbidden, Invalid
from recsys.services.auditing import entries
from recsys.services.catalog import count, find_items
from recsys.services.importing import import_interactions, import_items, import_segments
from recsys.storage.live import load_overlays, read_pointer
from recsys.storage.shoppers import USER
from tests.integration.shops import ADA, PAT, everything

ITEMS = "item_id,title,price,tags,added_at,shelf\nlamp,Lamp,1.5,light|glass,2026-01-02,7\nmug,Mug,,,,\n"
BAD_ITEMS = ITEMS + "jug,Jug,minus one,,,\n"


@pytest.fixture
def file(tmp_path):
    """Give a function that writes a file and names it."""

    def write(text, name="rows.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


class Steps:
    """Progress that adds up."""

    def __init__(self):
        self.names, self.totals, self.done = [], [], []

    def step(self, name, total):
        self.names.append(name)
        self.totals.append(total)
        self.done.append(0)

    def advance(self, n=1):
        self.done[-1] += n


def overlays(shop):
    with shop.database.connect() as connection:
        return load_overlays(connection)


def disliked(shop):
    with shop.database.read() as unit:
        return unit.shoppers.dislikes(USER)


def revision(shop):
    with shop.database.connect() as connection:
        return read_pointer(connection).overlay_revision


def test_items_are_put_in_their_place_and_further_columns_kept(shop, file):
    done = import_items(shop, ADA, file(ITEMS), shift=timedelta(days=1))
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    lamp = find_items(shop, ["lamp"])["lamp"]
    assert (lamp.tags, lamp.price, f"{lamp.added_at:%d}") == (("light", "glass"), 1.5, "03")
    assert lamp.attributes["shelf"] in {7, "7"}


def test_importing_the_same_items_again_changes_nothing(shop, file):
    import_items(shop, ADA, file(ITEMS))
    before = everything(shop)
    again = import_items(shop, ADA, file(ITEMS))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    assert everything(shop) == before


def test_bad_rows_are_reported_and_the_good_ones_kept(shop, file):
    done = import_items(shop, ADA, file(BAD_ITEMS))
    assert (done.added, done.report.bad) == (2, 1)
    assert done.report.details[0].line == 4
    assert done.report.details[0].field == "price"


def test_a_strict_import_with_a_bad_row_writes_nothing(shop, file):
    before = everything(shop)
    for attempt in (
        lambda: import_items(shop, ADA, file(BAD_ITEMS), strict=True),
        lambda: import_segments(shop, ADA, file("user_id,segment\nu1,vip\n,vip\n"), strict=True),
        lambda: import_interactions(shop, ADA, file("user_id,item_id\nu1,lamp\nu2,\n"), strict=True),
    ):
        with pytest.raises(Invalid, match="1 row is refused"):
            attempt()
    assert everything(shop) == before
    assert InteractionStore(shop.settings.interactions_dir).count() == 0


def test_many_items_come_in_over_several_writes(shop, file):
    rows = "".join(f"i{n},Item {n}\n" for n in range(6_000))
    watch = Steps()
    done = import_items(shop, ADA, file("item_id,title\n" + rows), strict=True, progress=watch)
    assert (done.added, count(shop)) == (6_000, 6_000)
    assert watch.names == ["Checking items", "Importing items"]
    assert watch.done == watch.totals


def test_interactions_go_to_the_store_once(shop, file):
    path = file("user_id,item_id,timestamp\nu1,lamp,2026-01-02T10:00:00Z\nu2,mug,2026-01-03T10:00:00Z\n")
    first, second = (import_interactions(shop, ADA, path) for _ in range(2))
    assert [(each.added, each.unchanged) for each in (first, second)] == [(2, 0), (0, 2)]
    assert InteractionStore(shop.settings.interactions_dir).count() == 2
    told = entries(shop, command="interactions.import")[0]
    assert (told.after["added"], told.after["repeated"]) == (0, 2)


def test_imported_dislikes_act_at_once_until_a_later_like(shop, file):
    head = "user_id,item_id,kind,timestamp\n"
    before = revision(shop)
    import_interactions(
        shop,
        ADA,
        file(f"{head}u1,lamp,dislike,2026-01-02\nu1,mug,dislike,2026-01-02\nu2,mug,purchase,2026-01-02\n"),
    )
    assert disliked(shop) == {("u1", "lamp"), ("u1", "mug")}
    assert revision(shop) == before + 1
    import_interactions(shop, ADA, file(f"{head}u1,lamp,like,2026-01-03\nu1,mug,like,2026-01-01\n"))
    assert disliked(shop) == {("u1", "mug")}
    assert revision(shop) == before + 2
    import_interactions(shop, ADA, file("user_id,item_id\nu3,lamp\n"))
    assert revision(shop) == before + 2


def test_segments_are_added_to_or_replaced(shop, file):
    import_segments(shop, ADA, file("user_id,segment\nu1,vip\nu2,vip\nu1,trade\n"))
    done = import_segments(shop, ADA, file("user_id,segment\nu2,vip\nu3,vip\n"))
    assert (done.added, done.unchanged) == (1, 1)
    assert set(overlays(shop).segments) == {("u1", "vip"), ("u2", "vip"), ("u3", "vip"), ("u1", "trade")}
    import_segments(shop, ADA, file("user_id,segment\nu3,vip\n"), replace=True)
    assert set(overlays(shop).segments) == {("u3", "vip"), ("u1", "trade")}


def test_only_who_runs_the_shop_imports(shop, file):
    path = file(ITEMS)
    for use_case in (import_items, import_interactions, import_segments):
        with pytest.raises(Forbidden):
            use_case(shop, PAT, path)


def test_a_file_that_is_none_is_refused_by_name(shop, tmp_path):
    for use_case in (import_items, import_interactions, import_segments):
        with pytest.raises(Invalid):
            use_case(shop, ADA, tmp_path / "missing.csv")
