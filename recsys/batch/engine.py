"""Who does the heavy work of a run: this machine, or whatever else fits the same protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.batch.candidates import Block, shopper_blocks
from recsys.batch.fit import FittedModels, fit_all
from recsys.data.training import TrainingData
from recsys.models.base import Recommender
from recsys.models.loading import AUTO
from recsys.models.progress import Progress
from recsys.models.selection import contenders


class Engine(Protocol):
    """Fits models and ranks with them; what comes out does not tell who did it."""

    @property
    def name(self) -> str:
        """Name on the command line."""

    def contenders(self, model: str) -> tuple[Recommender, ...] | None:
        """Give the models to measure, popularity first and the one asked for last; None to tune and take the best.

        Raises `Invalid` for a model that the engine cannot fit.
        """

    def fit_all(
        self, winner: Recommender, data: TrainingData, *, seed: int, progress: Progress
    ) -> FittedModels:
        """Fit on everything what a snapshot needs."""

    def shopper_blocks(
        self, data: TrainingData, models: FittedModels, order: NDArray[np.int64]
    ) -> Iterator[Block]:
        """Rank for all shoppers in the given order, block by block."""


class ThisMachine:
    """All of the models, on the cores of this machine."""

    name = "local"

    def contenders(self, model: str) -> tuple[Recommender, ...] | None:
        """See `Engine.contenders`."""
        return None if model == AUTO else contenders(model)

    def fit_all(
        self, winner: Recommender, data: TrainingData, *, seed: int, progress: Progress
    ) -> FittedModels:
        """See `Engine.fit_all`."""
        return fit_all(winner, data, seed=seed, progress=progress)

    def shopper_blocks(
        self, data: TrainingData, models: FittedModels, order: NDArray[np.int64]
    ) -> Iterator[Block]:
        """See `Engine.shopper_blocks`."""
        return shopper_blocks(data, models, order)
