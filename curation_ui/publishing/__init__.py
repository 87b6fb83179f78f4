"""Publishing a selection of the draft, with its consequences said before."""

from __future__ import annotations

from curation_ui.publishing import routes  # noqa: F401 - routes attach themselves to the blueprint
from curation_ui.publishing.blueprint import bp

__all__ = ["bp"]
