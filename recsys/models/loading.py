"""Finding a model by name, or loading a stranger's own from ``module:Class``."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from recsys.data.training import TrainingData
from recsys.domain.errors import Invalid
from recsys.models.als import Als
from recsys.models.base import Contributions, Fitted, FittedModel, Recommender, Rows
from recsys.models.ease import Ease
from recsys.models.item_knn import ItemKnn
from recsys.models.popular import Popular
from recsys.models.progress import Progress
from recsys.models.rp3beta import RP3beta
from recsys.models.spectral import IdealFilter, LinearFilter, Spectral
from recsys.models.user_knn import UserKnn

BUILT_IN: Final[Mapping[str, Recommender]] = {
    model.name: model
    for model in (
        Popular(),
        ItemKnn(),
        UserKnn(),
        RP3beta(),
        LinearFilter(),
        IdealFilter(),
        Spectral(),
        Ease(),
        Als(),
    )
}
"""Our own models, the simplest first: of two that are equally good the earlier wins."""

AUTO: Final = "auto"


def recommender(name: str) -> Recommender:
    """Give the model of a name: a built-in one, or ``module:Class``, whose class is called without arguments.

    Raises `Invalid` (field ``model``) for an unknown name, and for a module or class that does not load or fit.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        known = ", ".join((AUTO, *BUILT_IN))
        raise Invalid(
            "model", f"There is no model {name!r}; choose one of {known}, or give your own as module:Class."
        )
    return _Outside(_instance(name, module, attribute), name)


def _instance(name: str, module: str, attribute: str) -> Any:
    try:
        model = getattr(importlib.import_module(module), attribute)()
    except ModuleNotFoundError as error:
        raise Invalid(
            "model", f"{name}: there is no module {error.name!r}; is it installed, or on PYTHONPATH?"
        ) from error
    except AttributeError as error:
        raise Invalid("model", f"{name}: {error}.") from error
    except Exception as error:
        # A stranger's code may fail in any way; whoever typed the name needs its words, not a traceback.
        raise Invalid("model", f"{name} could not be loaded: {type(error).__name__}: {error}") from error
    if not callable(getattr(model, "fit", None)):
        raise Invalid("model", f"{name} has no method fit(data, *, seed, progress).")
    return model


class _Outside:
    """A stranger's model: only `fit` and, on what that returns, `score` are asked for; what comes out is checked."""

    def __init__(self, model: Any, name: str) -> None:
        self._model = model
        self.name = name

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> Fitted:
        """Let the model learn; raises `Invalid` where it fails or gives nothing that scores."""
        try:
            fitted = self._model.fit(data, seed=seed, progress=progress)
        except Exception as error:
            raise Invalid(
                "model", f"{self.name} failed while learning: {type(error).__name__}: {error}"
            ) from error
        if not callable(getattr(fitted, "score", None)):
            raise Invalid("model", f"{self.name}: fit must return an object with a method score(rows).")
        return _FittedOutside(fitted, self.name, len(data.items))


class _FittedOutside(FittedModel):
    """A stranger's fitted model behind our own ranking; nobody knows whether it bears several threads."""

    concurrent = False

    def __init__(self, fitted: Any, name: str, n_items: int) -> None:
        self.name = name
        self._fitted = fitted
        self._n_items = n_items
        self.explains = bool(getattr(fitted, "explains", False)) and callable(
            getattr(fitted, "explain", None)
        )

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self._n_items

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Score through the model; raises `Invalid` for a wrong shape, or where a score is NaN or +inf."""
        try:
            scores = np.asarray(self._fitted.score(rows), np.float32)
        except Exception as error:
            raise Invalid(
                "model", f"{self.name} failed while scoring: {type(error).__name__}: {error}"
            ) from error
        wanted = (len(rows), self._n_items)
        if scores.shape != wanted:
            raise Invalid(
                "model", f"{self.name}: score gave the shape {scores.shape}, but {wanted} was asked for."
            )
        if np.isnan(scores).any() or np.isposinf(scores).any():
            raise Invalid(
                "model", f"{self.name}: score gave NaN or infinity; -inf alone may stand for 'nothing known'."
            )
        return scores

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Explain through the model where it can."""
        if not self.explains:
            return super().explain(rows, items)
        return Contributions(*cast("Contributions", self._fitted.explain(rows, items)))
