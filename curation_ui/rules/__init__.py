"""All rules in one list: found, filtered, changed many at once, sent out and brought in."""

from __future__ import annotations

from curation_ui.rules import bulk, editor, exchange, pages  # noqa: F401 - routes attach themselves to the blueprint
from curation_ui.rules.blueprint import bp

__all__ = ["bp"]
