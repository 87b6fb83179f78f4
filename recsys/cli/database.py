"""The commands of `recsys db`."""

from __future__ import annotations

import os

import click

from recsys.settings import Settings
from recsys.storage.migrate import current, upgrade


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to this version's tables; safe to repeat."""
    settings = Settings.from_environment(os.environ)
    before = current(settings.database_url)
    upgrade(settings.database_url)
    after = current(settings.database_url)
    click.echo(
        f"The database is up to date ({after})."
        if before == after
        else f"Upgraded {before or 'an empty database'} to {after}."
    )
