from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.data import depots, staging
from recsys.data.depots import SharedDepot
from recsys.data.schema import IDENTITY, INTERACTIONS, interactions_table
from recsys.data.store import Appended, InteractionStore
from recsys.domain.errors import Conflict, RecsysError
from recsys.object_store import ObjectStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def table(*rows):
    """Interactions of (user, item, time) triples."""
    users, items, times = zip(*rows, strict=True)
    return interactions_table({"user_id": users, "item_id": items, "timestamp": times})


def stored(store):
    return sorted(store.read().to_pylist(), key=repr)


def test_a_new_store_is_empty(store):
    assert (store.count(), store.read().num_rows, list(store.scan()), store.fingerprint()) == (
        0,
        0,
        [],
        "0-0",
    )


def test_what_was_appended_can_be_read_back(store):
    rows = table(("u", "a", NOON), ("v", "b", None))
    assert store.append([rows]) == Appended(added=2, repeated=0)
    assert stored(store) == sorted(rows.to_pylist(), key=repr)
    assert sum(batch.num_rows for batch in store.scan()) == store.count() == 2


def test_rows_lie_in_folders_by_day_in_utc(store, tmp_path):
    store.append([table(("u", "a", NOON), ("u", "b", NOON + timedelta(hours=12)), ("u", "c", None))])
    folders = {path.parent.name for path in tmp_path.glob("interactions/date=*/*")}
    assert folders == {"date=2026-03-01", "date=2026-03-02", "date=unknown"}


def test_appending_twice_adds_nothing(store):
    rows = table(("u", "a", NOON), ("u", "b", None))
    store.append([rows])
    before = store.fingerprint()
    assert store.append([rows]) == Appended(added=0, repeated=2)
    assert store.fingerprint() == before


def test_the_fingerprint_changes_when_a_row_is_added(store):
    store.append([table(("u", "a", NOON))])
    before = store.fingerprint()
    store.append([table(("u", "b", NOON))])
    assert store.fingerprint() != before


def test_of_equal_rows_the_first_one_stays(store):
    columns = {
        "user_id": ["u", "u"],
        "item_id": ["a", "a"],
        "timestamp": [NOON, NOON],
        "quantity": [1.0, 2.0],
    }
    assert store.append([interactions_table(columns)]) == Appended(added=1, repeated=1)
    assert store.read(["quantity"]).to_pydict() == {"quantity": [1.0]}


@pytest.mark.parametrize("name", IDENTITY)
def test_a_row_that_differs_in_one_part_of_its_identity_is_another_row(store, name):
    row = {"user_id": "u", "item_id": "a", "kind": "view", "timestamp": NOON, "order_id": "1"}
    other = {
        "user_id": "v",
        "item_id": "b",
        "kind": "click",
        "timestamp": NOON + timedelta(seconds=1),
        "order_id": None,
    }
    rows = [row, {**row, name: other[name]}]
    assert store.append([interactions_table({key: [one[key] for one in rows] for key in row})]).added == 2


def test_parts_of_an_identity_do_not_run_into_each_other(store):
    columns = {"user_id": ["ab", "a"], "item_id": ["c", "bc"], "order_id": [None, None]}
    assert store.append([interactions_table(columns)]).added == 2


def test_a_missing_order_is_no_order_by_any_name(store):
    columns = {"user_id": ["u"] * 3, "item_id": ["a"] * 3, "order_id": [None, "None", "null"]}
    assert store.append([interactions_table(columns)]).added == 3


def test_a_failure_while_rows_come_in_leaves_nothing(store):
    def chunks():
        yield table(("u", "a", NOON))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        store.append(chunks())
    assert store.count() == 0
    assert store.append([table(("u", "a", NOON))]).added == 1


def test_leftovers_of_a_killed_import_are_not_read_and_are_cleaned_by_the_next(store, tmp_path):
    root = tmp_path / "interactions"
    store.append([table(("u", "a", NOON))])
    leftovers = [
        root / "date=2026-03-01/000002.parquet",
        root / "date=2030-01-01/000002.parquet",
        root / "_commits/000002.draft",
    ]
    for path in leftovers:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half a file")
    assert store.read().num_rows == 1
    store.append([table(("u", "b", NOON))])
    assert not any(path.read_bytes() == b"half a file" for path in leftovers if path.exists())
    assert store.read().num_rows == 2


def test_a_damaged_commit_file_is_named_rather_than_skipped(store, tmp_path):
    store.append([table(("u", "a", NOON))])
    (tmp_path / "interactions/_commits/000001.json").write_text("{", encoding="utf-8")
    with pytest.raises(RecsysError, match=r"000001\.json of the interactions cannot be read"):
        store.read()


def test_two_appenders_at_once_wait_for_each_other(tmp_path):
    tables = [table(*((f"u{n}", f"i{m}", NOON) for n in range(50))) for m in range(8)]
    done = []
    threads = [
        threading.Thread(
            target=lambda rows=rows: done.append(InteractionStore(tmp_path / "s").append([rows, tables[0]]))
        )
        for rows in tables
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 8
    assert InteractionStore(tmp_path / "s").count() == sum(one.added for one in done) == 400


def test_reading_goes_on_while_an_import_waits_for_rows(store):
    store.append([table(("u", "a", NOON))])

    def chunks():
        yield table(("u", "b", NOON))
        assert store.count() == 1
        assert store.read().num_rows == 1

    store.append(chunks())
    assert store.count() == 2


def test_columns_can_be_chosen(store):
    store.append([table(("u", "a", NOON))])
    assert store.read(["item_id", "user_id"]).to_pylist() == [{"item_id": "a", "user_id": "u"}]


def test_text_is_read_as_codes_of_one_dictionary(store):
    store.append([table(("u", "a", NOON), ("v", "a", NOON + timedelta(days=1)), ("u", "b", None))])
    column = store.read()["user_id"]
    assert pa.types.is_dictionary(column.type)
    assert {tuple(chunk.dictionary.to_pylist()) for chunk in column.chunks} == {
        tuple(column.chunk(0).dictionary.to_pylist())
    }


def test_tables_with_other_columns_or_encoded_text_are_taken_as_they_are(store):
    rows = pa.table(
        {
            "item_id": ["a"],
            "user_id": pa.array(["u"]).dictionary_encode(),
            "kind": ["view"],
            "colour": ["red"],
        }
    )
    store.append([rows])
    (row,) = store.read().to_pylist()
    assert (row["user_id"], row["item_id"], row["kind"], row["timestamp"]) == ("u", "a", "view", None)


def test_what_is_read_can_be_appended_to_another_store(store, tmp_path):
    store.append([table(("u", "a", NOON), ("v", "b", None))])
    other = InteractionStore(tmp_path / "other")
    other.append([store.read()])
    assert stored(other) == stored(store)


def test_progress_counts_days(store):
    seen = []
    store.append(
        [table(("u", "a", NOON), ("u", "b", None))], progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 2), (2, 2)]


def test_every_file_is_on_disk_before_the_commit_that_lists_it(store, monkeypatch):
    synced, real_fsync, real_link = [], os.fsync, os.link

    def fsync(handle):
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real_fsync(handle)

    def link(source, target):
        synced.append(str(target))
        real_link(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    store.append([table(("u", "a", NOON), ("u", "b", None))])
    commit = next(index for index, path in enumerate(synced) if path.endswith("_commits/000001.json"))
    parts = [index for index, path in enumerate(synced) if path.endswith("/000001.parquet")]
    assert len(parts) == 2
    assert max(parts) < commit
    assert synced[-1].endswith("_commits")


rows = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from(["u", "v", "ü"]),
        "item_id": st.sampled_from(["a", "b"]),
        "kind": st.sampled_from(["view", "purchase"]),
        "timestamp": st.none()
        | st.sampled_from([NOON, NOON + timedelta(microseconds=1), NOON + timedelta(days=1)]),
        "order_id": st.none() | st.sampled_from(["1", "2"]),
        "quantity": st.none() | st.sampled_from([1.0, 2.0]),
    }
)


def cut(rows, sizes):
    """`rows` as tables of the sizes given, the rest in one."""
    start, tables = 0, []
    for size in [*sizes, len(rows)]:
        part = rows[start : start + size]
        start += size
        if part:
            tables.append(
                pa.Table.from_pylist(part, schema=pa.schema([INTERACTIONS.field(name) for name in rows[0]]))
            )
    return tables


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(rows, min_size=1, max_size=30),
    sizes=st.lists(st.integers(1, 8), max_size=6),
    together=st.booleans(),
    buffer=st.sampled_from([1, 5, 524_288]),
)
def test_any_chunking_into_any_number_of_imports_gives_the_same_store(
    tmp_path_factory, monkeypatch, rows, sizes, together, buffer
):
    monkeypatch.setattr(staging, "_SORTED_AT_ONCE", buffer)
    store = InteractionStore(tmp_path_factory.mktemp("store"))
    tables = cut(rows, sizes)
    done = [store.append(tables)] if together else [store.append([one]) for one in tables]
    first = {}
    for row in rows:
        first.setdefault(tuple(row[name] for name in IDENTITY), row)
    expected = sorted(({**dict.fromkeys(INTERACTIONS.names), **row} for row in first.values()), key=repr)
    assert stored(store) == expected
    assert sum(one.added for one in done) == len(first)
    assert sum(one.repeated for one in done) == len(rows) - len(first)
    assert store.append(tables) == Appended(added=0, repeated=len(rows))


@pytest.fixture
def machines(store_url, tmp_path):
    """The interactions as two machines see them that share one store."""
    return [
        InteractionStore(SharedDepot(ObjectStore(store_url), tmp_path / name / "interactions"))
        for name in ("one", "two")
    ]


def test_machines_read_what_the_other_appended_and_keep_no_row_twice(machines):
    one, two = machines
    rows = table(("u", "a", NOON), ("u", "b", NOON + timedelta(days=1)), ("v", "a", None))
    assert (one.count(), one.read().num_rows, one.fingerprint()) == (0, 0, "0-0")
    assert one.append([rows]) == Appended(added=3, repeated=0)
    assert two.append([rows, table(("w", "a", NOON))]) == Appended(added=1, repeated=3)
    assert stored(one) == stored(two)
    assert one.fingerprint() == two.fingerprint() == "2-4"
    assert one.read(["user_id"]).num_rows == sum(batch.num_rows for batch in two.scan()) == 4


def test_of_two_machines_that_append_at_once_one_is_told_to_run_again(machines):
    one, two = machines

    def chunks():
        yield table(("u", "a", NOON))
        two.append([table(("v", "b", NOON), ("u", "a", NOON))])

    with pytest.raises(Conflict, match="run this again"):
        one.append(chunks())
    assert one.count() == 2
    assert one.append([table(("u", "a", NOON))]) == Appended(added=0, repeated=1)


def test_files_of_an_import_that_died_long_ago_are_removed_from_the_store(store_url, tmp_path, monkeypatch):
    files = ObjectStore(store_url)
    local = tmp_path / "left.parquet"
    local.write_bytes(b"left behind")
    files.upload(local, "interactions/date=2026-03-01/000001-dead.parquet")
    store = InteractionStore(SharedDepot(files, tmp_path / "one"))
    store.append([table(("u", "a", NOON))])
    assert len([name for name in files.names("interactions") if name.endswith(".parquet")]) == 2
    monkeypatch.setattr(depots, "_LEFTOVER_SECONDS", -86_400)
    store.append([table(("u", "b", NOON))])
    assert len([name for name in files.names("interactions") if name.endswith(".parquet")]) == 2
    assert store.count() == store.read().num_rows == 2
