"""Running the desk: one process, because editors wait for the database more than for the processor."""

from __future__ import annotations

from recsys.hosting.supervisor import host
from recsys.settings import Settings

TARGET = "curation_ui.app:create_app"


def serve(settings: Settings) -> None:
    """Answer on `settings.ui_port`. See `host`."""
    host(TARGET, settings, port=settings.ui_port, workers=1)
