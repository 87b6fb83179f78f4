"""The demonstration's home: the bundled shop loaded, trained, and its story told, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.data.bundled import interactions_path, items_path
from recsys.data.shift import shift_days
from recsys.demo.people import actor
from recsys.demo.story import Cast, is_told, leave_a_draft, publish_story
from recsys.domain.people import OPERATOR, Role
from recsys.models.progress import Progress
from recsys.services.importing import import_interactions, import_items
from recsys.services.releasing import accept_run
from recsys.services.seeding import ensure_first_release
from recsys.services.shop import Shop
from recsys.services.training import start_run

EARLIER = timedelta(days=14)
"""The first run knows the sales up to so long before the last one; the second, which waits, knows them all."""

TUNING = 20.0
"""Seconds for tuning each run: who looks at the demonstration should not have to wait for the last thousandth."""

BEGUN = "demo-begun"


def prepare(shop: Shop, progress: Progress) -> None:
    """Bring the home, with its database upgraded, to where the demonstration begins.

    Every step can be repeated: a first start that was interrupted goes on where it stopped.
    """
    shift = timedelta(days=shift_days(_last_sale(), _began(shop)))
    cast = Cast(editor=actor(Role.EDITOR), publisher=actor(Role.PUBLISHER))
    import_items(shop, OPERATOR, items_path(), shift=shift, progress=progress)
    live = ensure_first_release(shop, OPERATOR)
    if live.run_id is None:
        _import_until(shop, _last_sale() - EARLIER, shift, progress)
        run = start_run(shop, OPERATOR, model="auto", budget=TUNING, progress=progress)
        accept_run(shop, cast.publisher, run.id, comment="The first run: better than popularity alone")
    if not is_told(shop):
        publish_story(shop, cast)
    import_interactions(shop, OPERATOR, interactions_path(), shift=shift, progress=progress)
    start_run(shop, OPERATOR, model="auto", budget=TUNING, progress=progress)
    leave_a_draft(shop, cast)


def _import_until(shop: Shop, last: datetime, shift: timedelta, progress: Progress) -> None:
    """Import the bundled interactions up to a moment of the data's own time."""
    table = pq.read_table(interactions_path())
    with TemporaryDirectory() as folder:
        earlier = Path(folder) / "earlier.parquet"
        pq.write_table(table.filter(pc.less_equal(table["timestamp"], last)), earlier)
        import_interactions(shop, OPERATOR, earlier, shift=shift, progress=progress)


def _last_sale() -> datetime:
    column = pq.read_table(interactions_path(), columns=["timestamp"])["timestamp"]
    last: datetime = pc.max(column).as_py()
    return last


def _began(shop: Shop) -> datetime:
    """The moment of the first start, kept so that one which goes on the next day moves the data as far."""
    mark = shop.settings.home / BEGUN
    if not mark.exists():
        mark.write_text(shop.clock().isoformat())
    return datetime.fromisoformat(mark.read_text())
