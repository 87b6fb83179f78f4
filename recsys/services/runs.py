"""Reading training runs."""

from __future__ import annotations

from recsys.services.shop import Shop
from recsys.storage.runs import RunInfo
from recsys.storage.unit_of_work import UnitOfWork


def runs(shop: Shop, limit: int = 50) -> list[RunInfo]:
    """The last runs, newest first."""
    with shop.database.read() as unit:
        return unit.runs.newest(limit)


def find_run(shop: Shop, run_id: str) -> RunInfo:
    """The run with that id; raises NotFound."""
    with shop.database.read() as unit:
        return unit.runs.get(run_id)


def live_run(shop: Shop) -> RunInfo | None:
    """The run that the live release carries; None before the first."""
    with shop.database.read() as unit:
        return live_run_in(unit)


def live_run_in(unit: UnitOfWork) -> RunInfo | None:
    """The same as a unit of work sees it."""
    live = unit.state.pointer().release
    run_id = None if live is None else unit.releases.info(live).run_id
    return None if run_id is None else unit.runs.get(run_id)
