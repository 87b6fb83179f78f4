"""The surface page: what a shopper will see, beside the rules that make it so."""

from __future__ import annotations

from curation_ui.surfaces.blueprint import bp

# Routes attach themselves to the blueprint when they are imported.
from curation_ui.surfaces import edits, pages, rule_forms  # noqa: F401, E402, I001 - after the blueprint they attach to

__all__ = ["bp"]
