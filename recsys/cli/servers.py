"""recsys serve and recsys ui."""

from __future__ import annotations

import os

import click

from recsys.settings import Settings


@click.command()
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; RECSYS_WORKERS otherwise.")
def serve(workers: int | None) -> None:
    """Serve the endpoint."""
    from recsys.serving.server import serve as run

    settings = Settings.from_environment(os.environ)
    run(settings, settings.workers if workers is None else workers)


@click.command()
def ui() -> None:
    """Serve the curation desk."""
    from curation_ui.server import serve as run

    run(Settings.from_environment(os.environ))
