"""Sample shoppers for previews: the handful that the live run's record names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.services.shop import Shop
from recsys.slates.state import LiveState
from recsys.storage.runs import RunInfo


@dataclass(frozen=True, slots=True)
class SampleShopper:
    """A shopper to look through the eyes of; `bought` counts the items owned at the run."""

    user_id: str
    market: str | None
    bought: int


def sample_shoppers(shop: Shop, state: LiveState) -> Sequence[SampleShopper]:
    """Shoppers from the least to the most active, and one at least of every market; none before the first run."""
    if state.release is None or state.release.run_id is None:
        return []
    with shop.database.read() as unit:
        return samples_of(unit.runs.get(state.release.run_id))


def samples_of(run: RunInfo) -> Sequence[SampleShopper]:
    """The sample shoppers that a run's record names."""
    return [SampleShopper(**each) for each in run.facts.get("sample_shoppers", ())]
