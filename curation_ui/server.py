"""Running the desk under Granian: one process, several threads."""

from __future__ import annotations

import os
from collections.abc import Mapping

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from recsys.settings import Settings

TARGET = "curation_ui.app:create_app"
THREADS = 4
"""Editors wait for the database more than for the processor, so a few threads serve many of them."""

_GRACE_SECONDS = 10


def serve(settings: Settings) -> None:
    """Answer on `settings.host` and `settings.ui_port` until SIGTERM or SIGINT; must run in the main thread."""
    os.environ.update(process_environment(settings))
    Granian(
        TARGET,
        address=settings.host,
        port=settings.ui_port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=_GRACE_SECONDS,
    ).serve()


def process_environment(settings: Settings) -> Mapping[str, str]:
    """The settings that the desk's process needs, as environment variables."""
    return {
        "RECSYS_HOME": str(settings.home),
        "RECSYS_DATABASE_URL": settings.database_url,
        "RECSYS_SECRET_KEY": settings.secret_key.decode(),
        "RECSYS_SHOP_NAME": settings.shop_name,
        "RECSYS_TIMEZONE": settings.timezone,
        "RECSYS_HTTPS": "on" if settings.https else "off",
        "RECSYS_REFRESH_SECONDS": str(settings.refresh_seconds),
        "RECSYS_LOG_LEVEL": settings.log_level,
    }
