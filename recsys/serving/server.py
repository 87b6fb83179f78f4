"""Running the endpoint."""

from __future__ import annotations

from recsys.services.hosting import host
from recsys.serving.warming import compile_loops
from recsys.settings import Settings

TARGET = "recsys.serving.application:create"


def serve(settings: Settings, workers: int | None = None) -> None:
    """Answer on `settings.api_port`; `workers` defaults to `settings.workers`. See `host`."""
    compile_loops()
    host(TARGET, settings, port=settings.api_port, workers=workers or settings.workers, prompt=True)
