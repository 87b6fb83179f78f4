"""The commands of `recsys import`."""

from __future__ import annotations

from pathlib import Path

import click

from recsys.cli.context import this_shop
from recsys.cli.progress import Bars
from recsys.domain.people import OPERATOR
from recsys.services.importing import Imported, import_interactions, import_items, import_segments

SHOWN = 20
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
STRICT = click.option("--strict", is_flag=True, help="Import nothing when any row is bad.")


@click.group("import")
def import_group() -> None:
    """Bring in the catalog, what shoppers did, and who they are; CSV, Parquet or JSON Lines."""


@import_group.command()
@FILE
@STRICT
def items(file: Path, strict: bool) -> None:
    """Import catalog rows; a row replaces the item with the same id."""
    with Bars() as bars:
        done = import_items(this_shop(), OPERATOR, file, strict=strict, progress=bars)
    _report(done, f"{done.added:,} new items, {done.changed:,} changed, {done.unchanged:,} as before.")


@import_group.command()
@FILE
@STRICT
def interactions(file: Path, strict: bool) -> None:
    """Import what shoppers did; a row that is there already is not added again."""
    with Bars() as bars:
        done = import_interactions(this_shop(), OPERATOR, file, strict=strict, progress=bars)
    _report(done, f"{done.added:,} new interactions, {done.unchanged:,} there already.")


@import_group.command()
@FILE
@STRICT
@click.option("--replace", is_flag=True, help="The named segments then hold only these shoppers.")
def segments(file: Path, strict: bool, replace: bool) -> None:
    """Import which shoppers are in which segments."""
    with Bars() as bars:
        done = import_segments(this_shop(), OPERATOR, file, strict=strict, replace=replace, progress=bars)
    _report(done, f"{done.added:,} new members, {done.unchanged:,} there already.")


def _report(done: Imported, words: str) -> None:
    click.echo(words)
    if done.report.ignored:
        click.echo(f"Columns not read: {', '.join(done.report.ignored)}.", err=True)
    if not done.report.bad:
        return
    click.echo(f"{done.report.bad:,} rows were refused:", err=True)
    for row in done.report.details[:SHOWN]:
        click.echo(f"  {row}", err=True)
    if done.report.bad > SHOWN:
        click.echo(f"  … and {done.report.bad - SHOWN:,} more", err=True)
