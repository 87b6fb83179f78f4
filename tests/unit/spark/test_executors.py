"""What executors do, done here on the same batches: no Spark, no Java, the same functions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.batch.candidates import excluded, repeats_of, shopper_blocks
from recsys.batch.engine import ThisMachine
from recsys.batch.fit import fit_all
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.models.als import Als
from recsys.models.folding import fold_in
from recsys.models.item_knn import ItemKnn, bm25, without_self
from recsys.models.progress import Silent
from recsys.models.tuning import parameters
from recsys.spark.engine import SparkEngine
from recsys.spark.items import Weighed, nearest, similarity
from recsys.spark.parts import as_lists, from_lists, read_parts, write_parts
from recsys.spark.shoppers import LISTS, Known, columns, matrix_of, solve


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    pairs = [(u, i) for u in range(50) for i in rng.choice(30, 7, replace=False).tolist()]
    return build_training_data(
        interactions_table(
            {
                "user_id": [f"u{u:02}" for u, _ in pairs],
                "item_id": [f"i{i:02}" for _, i in pairs],
                "kind": [("purchase", "view", "purchase", "dislike")[n % 4] for n in range(len(pairs))],
            }
        ),
        ["unsold"],
    )


@pytest.fixture(scope="module")
def models(data):
    return fit_all(Als(factors=8), data, seed=1, progress=Silent())


class Here:
    """Stands in for the cluster's transport alone: files in, the same work, files out, parts in any order."""

    parts = 3

    def __init__(self, folder):
        self.folder = folder

    def work(self, source, target, work, shared, schema):
        for path in sorted(source.glob("*.parquet"), reverse=True):
            table = pq.read_table(path)
            for number, made in enumerate(work(iter(table.to_batches(max_chunksize=5)), shared)):
                assert made.schema.names == [each.split()[0] for each in schema.split(", ")]
                part = target / f"part={made.column('part')[0]}"
                part.mkdir(parents=True, exist_ok=True)
                pq.write_table(pa.table(made).drop_columns("part"), part / f"{9 - number}.parquet")


def test_blocks_from_executors_are_those_of_this_machine(data, models, tmp_path):
    order = np.random.default_rng(0).permutation(len(data.users))
    found = list(SparkEngine(Here(tmp_path)).shopper_blocks(data, models, order))
    assert len(found) == 3
    np.testing.assert_array_equal(np.concatenate([each.rows for each in found]), order)
    (here,) = shopper_blocks(data, models, order)
    for name in ("candidates", "repeats"):
        lengths = np.concatenate([getattr(each, name).lengths for each in found])
        np.testing.assert_array_equal(lengths, getattr(here, name).lengths)
        for part, values in getattr(here, name).parts.items():
            made = np.concatenate([getattr(each, name).parts[part] for each in found])
            np.testing.assert_allclose(made, values, rtol=1e-5, err_msg=f"{name} {part}")
    assert list(tmp_path.iterdir()) == [], "what was passed is left behind"


def test_the_settings_told_of_a_run_are_those_of_this_machine(tmp_path):
    here, spark = ThisMachine().contenders("als"), SparkEngine(Here(tmp_path)).contenders("als")
    assert [(each.name, parameters(each)) for each in spark] == [
        (each.name, parameters(each)) for each in here
    ]


def test_vectors_from_executors_are_those_of_our_own_objective(data, models):
    rows = {"row": pa.array(np.arange(len(data.users))), "part": pa.array(np.zeros(len(data.users), "i4"))}
    batch = pa.RecordBatch.from_pydict({**rows, **columns(data.weights, "weights")})
    (made,) = solve(iter([batch]), Known(models.als.settings, models.als.item_vectors))
    found, _ = from_lists(made.column("vector"), "<f4", 8)
    np.testing.assert_allclose(found, fold_in(models.als, data).shopper_vectors, rtol=1e-5)


def test_neighbours_from_executors_are_those_of_this_machine(data):
    known = Weighed(bm25(data.weights, 1.2, 0.75), 201)
    rows = pa.array(np.arange(len(data.items)))
    batch = pa.RecordBatch.from_pydict({"row": rows, "part": pa.array(np.zeros(len(rows), "i4"))})
    tables = (
        pa.table(each) for each in nearest(iter(batch.slice(n, 4) for n in range(0, len(rows), 4)), known)
    )
    found = without_self(similarity(tables, len(rows)))
    here = ItemKnn().fit(data, seed=0, progress=Silent()).similarity
    np.testing.assert_allclose(found.toarray(), here.toarray(), rtol=1e-5, atol=1e-6)


def test_a_matrix_comes_back_from_its_columns(data):
    for matrix in (data.weights, data.owned, excluded(data), repeats_of(data)):
        batch = pa.RecordBatch.from_pydict(columns(matrix, "some"))
        again = matrix_of(batch.slice(10, 15), "some", matrix.shape[1])
        np.testing.assert_array_equal(again.toarray(), matrix[10:25].toarray())
        assert again.dtype == matrix.dtype


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5), max_size=8), st.data())
def test_lists_come_back_from_their_bytes_whole_or_cut(lists, draw):
    lengths = np.array([len(each) for each in lists], np.int64)
    flat = np.array([value for each in lists for value in each], "<i4")
    column = as_lists(flat, lengths)
    start = draw.draw(st.integers(0, len(lists)))
    values, found = from_lists(column.slice(start), "<i4")
    assert found.tolist() == lengths[start:].tolist()
    assert values.tolist() == [value for each in lists[start:] for value in each]


def test_parts_come_back_in_order_however_their_files_are_named(tmp_path):
    write_parts(tmp_path / "in", {"row": pa.array(np.arange(25))}, 11)
    tables = [pq.read_table(path) for path in sorted((tmp_path / "in").glob("*.parquet"))]
    assert [set(each["part"].to_pylist()) for each in tables] == [{n} for n in range(11)]
    for each in reversed(tables):
        part = tmp_path / "out" / f"part={each['part'][0]}"
        part.mkdir(parents=True)
        pq.write_table(each.slice(1), part / "a.parquet")
        pq.write_table(each.slice(0, 1), part / "b.parquet")
    found = pa.concat_tables(read_parts(tmp_path / "out", ("row",), "row"))
    assert found["row"].to_pylist() == list(range(25))


def test_every_column_of_lists_is_one_that_a_snapshot_has(models, data):
    (block,) = shopper_blocks(data, models, np.arange(len(data.users)))
    groups = SimpleNamespace(candidates=block.candidates, repeats=block.repeats)
    made = {f"{name}_{part}" for name, each in vars(groups).items() for part in each.parts}
    assert made == set(LISTS)
