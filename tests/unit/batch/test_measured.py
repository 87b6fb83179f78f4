"""Figures by shopper are kept whole, and two runs are paired by shopper."""

import numpy as np
import pytest

from recsys.batch.measured import Measured, in_pairs, read_measured, write_measured


def measured(shoppers, **values):
    names = {f"{name}@20": np.array(each, np.float32) for name, each in values.items()}
    return Measured(np.array(shoppers, np.uint64), np.array(shoppers, np.uint64) * 7, names)


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "measured" / "run.npz"
    write_measured(path, measured([1, 2], ndcg=[0.5, 0.25]))
    found = read_measured(path)
    assert found.high.tolist() == [1, 2]
    assert found.low.tolist() == [7, 14]
    assert {name: each.tolist() for name, each in found.values.items()} == {"ndcg@20": [0.5, 0.25]}
    assert [each.name for each in path.parent.iterdir()] == ["run.npz"]


@pytest.mark.parametrize("content", [None, b"", b"PK rubbish", b"\x93NUMPY"])
def test_a_file_that_is_missing_or_damaged_is_no_record(tmp_path, content):
    path = tmp_path / "run.npz"
    if content is not None:
        path.write_bytes(content)
    assert read_measured(path) is None


def test_only_shoppers_and_metrics_of_both_are_paired_and_each_with_itself():
    first = measured([1, 2, 3], ndcg=[0.5, 1.0, 0.0], map=[0, 0, 0])
    second = measured([2, 3, 9], ndcg=[0.25, 0.5, 1.0], recall=[1, 1, 1])
    assert {name: each.tolist() for name, each in in_pairs(first, second).items()} == {
        "ndcg@20": [0.75, -0.5]
    }


def test_shoppers_whose_hashes_share_one_half_are_not_taken_for_the_same():
    first = Measured(np.array([5], np.uint64), np.array([1], np.uint64), {"ndcg@20": np.ones(1, np.float32)})
    second = Measured(np.array([5], np.uint64), np.array([2], np.uint64), {"ndcg@20": np.ones(1, np.float32)})
    assert in_pairs(first, second)["ndcg@20"].tolist() == []
