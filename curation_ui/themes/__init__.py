"""Themes: the cards, and the workbench on which one is made."""

from __future__ import annotations

# Routes attach themselves to the blueprint when they are imported.
from curation_ui.themes import cards, exchange, parts, searching, workbench  # noqa: F401 - after the blueprint they attach to
from curation_ui.themes.blueprint import bp

__all__ = ["bp"]
