"""What serving says to a shopper unseen in training, whichever model won: from a real snapshot, without the model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from recsys.batch.fit import FittedModels, fit_all
from recsys.batch.snapshot import Label, write_snapshot
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.models.als import Als
from recsys.models.base import FittedModel
from recsys.models.blend import Blend
from recsys.models.folding import fold_in as model_fold_in
from recsys.models.loading import BUILT_IN
from recsys.models.progress import Silent
from recsys.models.spectral import IdealFilter, LinearFilter
from recsys.slates.folding import fold_in
from recsys.snapshots.mapped import Snapshot
from recsys.snapshots.verify import verify

MODELS = {
    **BUILT_IN,
    "als": Als(factors=8),
    "blend": Blend((LinearFilter(), IdealFilter(), Als(factors=8)), (1.0, 0.3, 0.2)),
}
PERSONAL = sorted(name for name in MODELS if name != "popular")
SUMS = ("item-knn", "rp3beta", "linear-filter", "ideal-filter", "ease", "als")
"""Models that serving answers for exactly, since their lists are longer than this shop."""
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def purchases(pairs, catalog=()):
    table = interactions_table(
        {"user_id": [user for user, _ in pairs], "item_id": [item for _, item in pairs]}
    )
    return build_training_data(table, catalog)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    # Two tastes, each with a few strays.
    pairs = [
        (f"u{user:02}", f"i{item:02}")
        for user in range(40)
        for item in range(30)
        if rng.random() < (0.5 if user % 2 == item % 2 else 0.03)
    ]
    return purchases(pairs, ["unsold-1"])


def models_of(name, data):
    return fit_all(MODELS[name], data, seed=7, progress=Silent())


def written(folder, data, models) -> Snapshot:
    write_snapshot(folder, Label(folder.name, NOW, b"k" * 32), data, models, Silent())
    verify(folder)
    return Snapshot.open(folder)


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """A run of every model: what was fitted, and the snapshot."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for name in MODELS:
        models = models_of(name, data)
        found[name] = (models, written(folder / name, data, models))
    return found


def ids(snapshot, folded):
    return [snapshot.item_ids[item] for item in folded.ranked.items.tolist()]


@pytest.mark.parametrize("name", PERSONAL)
def test_a_newcomer_gets_what_the_like_minded_have(runs, name):
    _, snapshot = runs[name]
    for taste in (0, 1):
        has = [f"i{item:02}" for item in range(taste, 16, 4)]
        best = ids(snapshot, fold_in(snapshot, has))[:8]
        assert len(best) == 8
        assert sum(int(item[1:]) % 2 == taste for item in best) >= 6


@pytest.mark.parametrize("name", PERSONAL)
def test_candidates_are_new_scored_and_explained_as_those_of_known_shoppers_are(runs, name):
    _, snapshot = runs[name]
    has = ["i01", "i05", "i12"]
    ranked = fold_in(snapshot, has).ranked
    assert not set(has) & {snapshot.item_ids[item] for item in ranked.items.tolist()}
    assert len(set(ranked.items.tolist())) == len(ranked.items)
    scores = ranked.scores.tolist()
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    owned = {snapshot.item_index[item] for item in has}
    assert set(ranked.because.ravel().tolist()) <= {-1, *owned}
    assert (ranked.because[:10, 0] >= 0).all()
    assert ((ranked.shares > 0) == (ranked.because >= 0)).all()
    assert (ranked.shares.sum(axis=1) <= 1 + 1e-6).all()


@pytest.mark.parametrize("name", SUMS)
def test_serving_ranks_as_the_model_itself_would(runs, data, name):
    models, snapshot = runs[name]
    has = ["i01", "i05", "i09", "i12"]
    # With a cutoff now and one purchase of each, the weights are those that serving gives.
    alone = purchases([("new", item) for item in has], data.items.ids)
    asked = model_fold_in(models.winner, alone)
    wanted = asked.top_k(np.zeros(1, np.int32), 12, alone.owned).items[0]
    assert fold_in(snapshot, has).ranked.items[:12].tolist() == [
        item for item in wanted.tolist() if item >= 0
    ]


@pytest.mark.parametrize("name", PERSONAL)
def test_the_order_of_the_list_and_what_is_unknown_in_it_say_nothing(runs, name):
    _, snapshot = runs[name]
    one = fold_in(snapshot, ["i01", "i05", "i12"])
    other = fold_in(snapshot, ["i12", "nope", "i01", "i05", "i05"])
    assert ids(snapshot, one) == ids(snapshot, other)
    assert fold_in(snapshot, ["nope"]) is None
    assert fold_in(snapshot, []) is None


def test_a_newcomer_has_a_vector_that_orders_themes(runs, data):
    models, snapshot = runs["rp3beta"]
    has = ["i01", "i05", "i09"]
    alone = purchases([("new", item) for item in has], data.items.ids)
    expected = model_fold_in(models.als, alone).shopper_vectors[0]
    assert fold_in(snapshot, has).vector == pytest.approx(expected, abs=1e-4)
    assert fold_in(snapshot, ["unsold-1"]).vector is None


def test_popularity_has_nothing_personal_to_say(runs):
    _, snapshot = runs["popular"]
    assert ids(snapshot, fold_in(snapshot, ["i01", "i05"])) == []


def test_for_a_model_of_somebody_s_own_item_to_item_speaks(runs, data, tmp_path):
    class Own(FittedModel):
        name = "own"
        n_items = len(data.items)

        def score(self, rows):
            return np.ones((len(rows), len(data.items)), np.float32)

    models, item_knn = runs["item-knn"]
    own = FittedModels(Own(), models.popular, models.item_knn, models.als)
    snapshot = written(tmp_path / "own", data, own)
    assert ids(snapshot, fold_in(snapshot, ["i01", "i05"])) == ids(
        item_knn, fold_in(item_knn, ["i01", "i05"])
    )


def test_a_snapshot_of_an_older_version_folds_in_by_neighbours(runs, data, tmp_path):
    models, _ = runs["item-knn"]
    snapshot = written(tmp_path / "old", data, models)
    arrays = {name: each for name, each in snapshot._arrays.items() if not name.startswith("fold_")}
    older = replace(snapshot, _arrays=arrays)
    folded = fold_in(older, ["i01", "i05", "i09"])
    assert folded.vector is None
    assert {int(item[1:]) % 2 for item in ids(older, folded)[:6]} == {1}


def test_a_winner_with_vectors_gives_its_own_to_themes(data):
    models = fit_all(Als(factors=8), data, seed=7, progress=Silent())
    assert models.als is models.winner
