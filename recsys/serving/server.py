"""Running the endpoint: worker processes under Granian."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from recsys.settings import Settings

TARGET = "recsys.serving.application:create"
THREADS = 4
"""Threads a worker: Python answers one request at a time, so a few are enough to go on while one writes."""

_BACKLOG = 1024
_GRACE_SECONDS = 10


def serve(settings: Settings, workers: int | None = None) -> None:
    """Answer on `settings.host` and `settings.api_port` until SIGTERM or SIGINT; must run in the main thread.

    `workers` defaults to `settings.workers`; a worker that dies is started again. Requests under way are finished.
    """
    # Workers read the environment: they must see the settings given here.
    os.environ.update(worker_environment(settings))
    # Imported before the workers are forked, everything is there when they begin.
    import_module(TARGET.partition(":")[0])
    Granian(
        TARGET,
        address=settings.host,
        port=settings.api_port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers or settings.workers,
        blocking_threads=THREADS,
        backlog=_BACKLOG,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=_GRACE_SECONDS,
    ).serve()


def worker_environment(settings: Settings) -> Mapping[str, str]:
    """The settings that workers need, as environment variables."""
    return {
        "RECSYS_HOME": str(settings.home),
        "RECSYS_DATABASE_URL": settings.database_url,
        "RECSYS_SECRET_KEY": settings.secret_key.decode(),
        "RECSYS_REFRESH_SECONDS": str(settings.refresh_seconds),
        "RECSYS_RELEASE_HOLD_MINUTES": str(settings.release_hold_minutes),
        "RECSYS_LOG_LEVEL": settings.log_level,
    }
