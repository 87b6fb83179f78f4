"""The bundled shop: a real gift shop's year, cleaned, in our own file formats. See ATTRIBUTION.md beside this file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def items_path() -> Path:
    """The catalog, for `recsys.data.items.read_items`."""
    return _path("items.parquet")


def interactions_path() -> Path:
    """The purchases of a year, for `recsys.data.interactions.read_interactions`."""
    return _path("interactions.parquet")


def _path(name: str) -> Path:
    # The package is always installed as files: migrations and templates need that too.
    return Path(str(files(__package__).joinpath(name)))
