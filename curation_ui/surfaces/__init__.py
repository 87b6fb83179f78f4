"""The surface page: what a shopper will see, beside the rules that make it so."""

from __future__ import annotations

from curation_ui.surfaces import edits, pages, rows, rule_forms  # noqa: F401 - routes attach themselves to the blueprint
from curation_ui.surfaces.blueprint import bp

__all__ = ["bp"]
