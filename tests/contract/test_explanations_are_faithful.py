"""A reason names what the score rests on: without the named items it falls further than without as many others."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.batch.faithfulness import Faithfulness, faithfulness
from recsys.data import bundled
from recsys.data.interactions import read_interactions
from recsys.data.report import Report
from recsys.data.store import InteractionStore
from recsys.data.training import build_training_data
from recsys.domain.errors import Invalid
from recsys.models.als import Als
from recsys.models.base import Contributions
from recsys.models.blend import Blend
from recsys.models.folding import fold_in
from recsys.models.item_knn import FittedItemKnn, ItemKnn
from recsys.models.loading import BUILT_IN
from recsys.models.progress import Silent
from recsys.models.rp3beta import RP3beta
from recsys.models.spectral import IdealFilter, LinearFilter
from recsys.models.user_knn import UserKnn

# What `auto` leaves is often a blend, which names items through those of its parts that add up over them.
PARTS = (LinearFilter(), RP3beta(beta=0.1), IdealFilter(), Als(popularity=0.5), UserKnn())
MODELS = {
    **BUILT_IN,
    "als-of-rare-items": Als(popularity=0.5),
    "blend": Blend((LinearFilter(), IdealFilter(), Als()), (1.0, 0.3, 0.3)),
    "even blend": Blend(PARTS, (1.0,) * len(PARTS)),
}
SHOPPERS, DEPTH = 300, 5
AT_LEAST = 0.95


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    store = InteractionStore(tmp_path_factory.mktemp("bundled"))
    store.append(read_interactions(bundled.interactions_path(), Report()))
    return build_training_data(store.read(), ())


@pytest.fixture(scope="module", params=MODELS)
def model(request, shop):
    return MODELS[request.param].fit(shop, seed=5, progress=Silent())


def measured(model, shop):
    return faithfulness(model, shop, shoppers=SHOPPERS, depth=DEPTH, rng=np.random.default_rng(8))


def test_without_the_named_items_the_score_falls_further_than_without_as_many_others(model, shop):
    found = measured(model, shop)
    if not model.explains:
        assert found == Faithfulness(0, None)
        return
    assert found.reasons > SHOPPERS
    assert found.share >= AT_LEAST


def test_a_model_asked_about_the_histories_it_learned_from_says_what_it_said(model, shop):
    rows = np.arange(0, len(shop.users), 97)
    before, after = model.score(rows), fold_in(model, shop).score(rows)
    assert ((before == -np.inf) == (after == -np.inf)).all()
    known = before > -np.inf
    # Where the solver of the fit is iterative, the exact solution differs a little.
    assert np.corrcoef(before[known], after[known])[0, 1] > 0.99


class NamesTheLeast(FittedItemKnn):
    """Item-to-item that names the first items bought, whatever they contribute."""

    def explain(self, rows, items):  # noqa: ARG002 - the protocol names it
        because = np.array([self._owned[[row]].indices[:2] for row in rows])
        return Contributions(because.astype(np.int32), np.full(because.shape, 0.5, np.float32))


def test_a_model_that_names_whatever_was_bought_is_found_out(shop):
    honest = ItemKnn().fit(shop, seed=5, progress=Silent())
    found = measured(NamesTheLeast(honest.similarity, shop.weights, shop.owned), shop)
    assert found.share < 0.7


def test_a_strangers_model_cannot_be_asked_about_other_histories(shop):
    class Strange:
        name = "strange:Model"

    with pytest.raises(Invalid, match="strange:Model"):
        fold_in(Strange(), shop)
