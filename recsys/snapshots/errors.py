"""What can be wrong with a snapshot."""

from __future__ import annotations

from recsys.domain.errors import RecsysError


class SnapshotUnusable(RecsysError):
    """The snapshot cannot be served as it is."""


class SnapshotDamaged(SnapshotUnusable):
    """The folder does not hold a whole, consistent snapshot; names the file and the mend."""

    def __init__(self, folder: str, fault: str) -> None:
        super().__init__(
            f"The snapshot {folder} is damaged: {fault}. Train again, or restore the folder from a copy."
        )
        self.folder = folder
        self.fault = fault


class SnapshotUnverified(SnapshotUnusable):
    """The folder holds a snapshot that nobody has verified since it was written."""


class WrongIdentityKey(SnapshotUnusable):
    """The snapshot's shoppers are hashed with another key than the one at hand."""


class SnapshotUnfetched(SnapshotUnusable):
    """The snapshot is in a store that does not answer; it is asked again."""
