"""What machines share through `store_url`: where interactions are, and the snapshots that runs leave."""

from __future__ import annotations

from pathlib import Path

from recsys.data.depots import LocalDepot, SharedDepot
from recsys.data.store import InteractionStore
from recsys.models.progress import Progress
from recsys.object_store import ObjectStore
from recsys.settings import Settings
from recsys.snapshots import storing


def shared_interactions(settings: Settings) -> InteractionStore:
    """All interactions of the shop: below `store_url`, or in the home where there is none."""
    if settings.store_url is None:
        return InteractionStore(LocalDepot(settings.interactions_dir))
    return InteractionStore(SharedDepot(ObjectStore(settings.store_url), settings.interactions_dir))


def share_snapshot(settings: Settings, folder: Path, progress: Progress) -> None:
    """Put a snapshot where replicas fetch it; without a `store_url` it is there already.

    Raises:
        Unavailable: when the store does not answer.
        Conflict: when it has a snapshot of that name.
    """
    if settings.store_url is None:
        return
    progress.step("Putting the snapshot into the store", 1)
    storing.put(ObjectStore(settings.store_url), folder)
    progress.advance()
