"""What Alembic runs: inside the transaction that `recsys.storage.migrate` hands over, else in one of its own."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from recsys.settings import Settings
from recsys.storage.large_indexes import make_large_indexes
from recsys.storage.migrate import COMPARISON, exclusively
from recsys.storage.tables import Base


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, **COMPARISON)
    with context.begin_transaction():
        context.run_migrations()


def _main() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    url = Settings.from_environment(os.environ).database_url
    with exclusively(url) as connection:
        _run(connection)
    make_large_indexes(url)


_main()
