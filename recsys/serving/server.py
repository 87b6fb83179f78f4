"""Running the endpoint."""

from __future__ import annotations

from recsys.hosting.supervisor import host_promptly
from recsys.serving.warming import compile_loops
from recsys.settings import Settings

TARGET = "recsys.serving.application:create"


def serve(settings: Settings, workers: int | None = None) -> None:
    """Answer on `settings.api_port`; `workers` defaults to `settings.workers`. See `host_promptly`."""
    compile_loops()
    host_promptly(TARGET, settings, port=settings.api_port, workers=workers or settings.workers)
