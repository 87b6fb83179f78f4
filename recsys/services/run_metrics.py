"""The metrics of two runs, compared shopper by shopper."""

from __future__ import annotations

from collections.abc import Mapping

from recsys.batch.measured import in_pairs
from recsys.evaluation.shifts import Estimate, estimate
from recsys.services.run_figures import figures_of
from recsys.services.shop import Shop


def paired_metrics(shop: Shop, run_id: str, live_id: str) -> Mapping[str, Estimate] | None:
    """By metric, how far the run is from the live one over the shoppers measured in both, with a 95 % interval.

    Each run was asked about what came after its own training part: where that differs, the shoppers are the same and
    the questions are not. None where one of the runs has no record by shopper; empty where no shopper is in both.

    Raises:
        Unavailable: when a record is not here yet, and the store does not answer.
    """
    run, live = (figures_of(shop, each) for each in (run_id, live_id))
    if run is None or live is None:
        return None
    found = {name: estimate(gaps) for name, gaps in in_pairs(run, live).items()}
    return {name: each for name, each in found.items() if each is not None}
