"""The one entry point. Errors are one plain sentence on stderr; the exit code is 0, 1 or (wrong usage) 2."""

from __future__ import annotations

import os
import sys

import click
from sqlalchemy.exc import OperationalError

from recsys import __version__
from recsys.cli.catalog import import_group
from recsys.cli.database import db
from recsys.cli.demo import demo
from recsys.cli.evaluate import evaluate
from recsys.cli.export import export
from recsys.cli.people import keys, users
from recsys.cli.recommend import recommend
from recsys.cli.releases import accept, publish_due_command, releases, rollback
from recsys.cli.runs import prune, runs, train
from recsys.cli.servers import serve, ui
from recsys.domain.errors import RecsysError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="recsys")
def commands() -> None:
    """Recommendations whose editors have the last word."""


for command in (
    demo,
    db,
    import_group,
    train,
    runs,
    prune,
    accept,
    releases,
    rollback,
    publish_due_command,
    recommend,
    export,
    evaluate,
    serve,
    ui,
    users,
    keys,
):
    commands.add_command(command)


def main() -> None:
    """Run the command line."""
    try:
        commands(standalone_mode=True)
    except RecsysError as error:
        _fail(str(error))
    except OperationalError as error:
        _fail(f"The database does not answer: {str(error.orig).splitlines()[0]}")
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except BrokenPipeError:
        os._exit(1)


def _fail(sentence: str) -> None:
    click.echo(f"recsys: {sentence}", err=True)
    sys.exit(1)
