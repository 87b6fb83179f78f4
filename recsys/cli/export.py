"""The commands of `recsys export`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

import click

from recsys.cli.context import this_shop
from recsys.cli.progress import Bars
from recsys.data.slate_files import Format
from recsys.domain.rules import Theme
from recsys.services.drafting import read_draft
from recsys.services.exchanging import count_rules, rules_to_export, themes_to_export
from recsys.services.exporting import Export, export_slates


@click.group()
def export() -> None:
    """Write what others are to read."""


@export.command()
@click.option("--surface", default="home", show_default=True)
@click.option("--row", default="main", show_default=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="Items a shopper.")
@click.option("--market", help="Instead of each shopper's home market.")
@click.option(
    "--segment", "segments", multiple=True, metavar="NAME", help="Only shoppers in it; may be repeated."
)
@click.option(
    "--users",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Only the shoppers in its column user_id (CSV, Parquet, JSON Lines).",
)
@click.option(
    "--format", "kind", type=click.Choice(["parquet", "csv"]), help="By the ending of FILE when not given."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
def slates(kind: str | None, output: Path, **wanted: Any) -> None:
    """Write every shopper's slate to a file, as the endpoint would answer now.

    One row an item. The file appears under its name when it is whole; an older one is replaced.
    """
    # The other options are called as the fields are.
    question = Export(**wanted)
    began = time.monotonic()
    with Bars() as bars:
        done = export_slates(this_shop(), question, output, _format(kind, output), progress=bars)
    pace = done.shoppers / max(time.monotonic() - began, 0.001)
    click.echo(
        f"{done.shoppers:,} shoppers, {done.rows:,} rows of release {done.release} in {output}; "
        f"{pace:,.0f} shoppers a second."
    )
    if done.empty:
        click.echo(f"{done.empty:,} of them have no item there and no row in the file.", err=True)


@export.command()
@click.option(
    "--live", is_flag=True, help="The rules of the live release; those of the draft when not given."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
def rules(live: bool, output: Path) -> None:
    """Write pins, vetoes and boosts to a CSV file, as `recsys import rules` reads it."""
    draft = read_draft(this_shop())
    text = rules_to_export(draft.live if live else draft.rules)
    output.write_text(text, encoding="utf-8", newline="")
    click.echo(f"{count_rules(draft.live if live else draft.rules):,} rules in {output}.")


@export.command()
@click.option(
    "--live", is_flag=True, help="The themes of the live release; those of the draft when not given."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
def themes(live: bool, output: Path) -> None:
    """Write the themes to a CSV file, as `recsys import themes` reads it."""
    draft = read_draft(this_shop())
    chosen = draft.live if live else draft.rules
    output.write_text(themes_to_export(chosen), encoding="utf-8", newline="")
    click.echo(f"{len(chosen.of(Theme)):,} themes in {output}.")


def _format(kind: str | None, output: Path) -> Format:
    if kind is None:
        ending = output.suffix.lower().removeprefix(".")
        if ending not in {"parquet", "csv"}:
            raise click.UsageError(
                "Give --format parquet or --format csv, or an output that ends in one of them."
            )
        kind = ending
    return cast("Format", kind)
