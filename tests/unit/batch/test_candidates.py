"""What a snapshot says about shoppers does not depend on how the work is cut."""

from __future__ import annotations

import numpy as np
import pytest

from batches.shops import synthetic
from recsys.batch import candidates
from recsys.batch.candidates import shopper_blocks
from recsys.batch.fit import fit_all
from recsys.models.als import Als
from recsys.models.progress import Silent


@pytest.fixture(scope="module")
def data():
    return synthetic(90, 60, seed=1)


@pytest.fixture(scope="module")
def models(data):
    return fit_all(Als(factors=8), data, seed=1, progress=Silent())


def everything(data, models):
    blocks = list(shopper_blocks(data, models, np.arange(len(data.users))))
    said = {"rows": np.concatenate([block.rows for block in blocks])}
    for kind in ("candidates", "repeats"):
        lists = [getattr(block, kind) for block in blocks]
        said[f"{kind}/lengths"] = np.concatenate([each.lengths for each in lists])
        for part in lists[0].parts:
            said[f"{kind}/{part}"] = np.concatenate([each.parts[part] for each in lists])
    return said


@pytest.mark.parametrize("at_a_time", [1, 7, 1000])
def test_the_size_of_a_block_changes_nothing(data, models, at_a_time, monkeypatch):
    expected = everything(data, models)
    monkeypatch.setattr(candidates, "SHOPPERS_AT_A_TIME", at_a_time)
    found = everything(data, models)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-4, abs=1e-5), name


def test_nothing_owned_is_a_candidate_and_every_reason_is_owned(data, models):
    for block in shopper_blocks(data, models, np.arange(len(data.users))):
        ends = np.cumsum(block.candidates.lengths)
        for row, stop, length in zip(block.rows, ends, block.candidates.lengths, strict=True):
            owned = set(data.owned[[row]].indices.tolist())
            items = block.candidates.parts["items"][stop - length : stop]
            because = block.candidates.parts["because"][stop - length : stop]
            assert length
            assert not owned & set(items.tolist())
            assert set(because[because >= 0].tolist()) <= owned


def test_a_synthetic_shop_is_the_same_for_the_same_seed():
    one, same, other = synthetic(50, 40, seed=3), synthetic(50, 40, seed=3), synthetic(50, 40, seed=4)
    assert (one.weights != same.weights).nnz == 0
    assert (one.weights != other.weights).nnz > 0
    assert (np.diff(one.weights.indptr) > 0).all()
