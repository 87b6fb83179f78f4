"""The commands of `recsys import`."""

from __future__ import annotations

from pathlib import Path

import click

from recsys.cli.context import this_shop
from recsys.cli.progress import Bars
from recsys.domain.errors import Invalid
from recsys.domain.people import OPERATOR
from recsys.services.exchanging import Plan, import_rules, import_themes, plan_import, plan_themes
from recsys.services.importing import Imported, import_interactions, import_items, import_segments

SHOWN = 20
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
STRICT = click.option("--strict", is_flag=True, help="Import nothing when any row is bad.")


@click.group("import")
def import_group() -> None:
    """Bring in the catalog, what shoppers did, and who they are (CSV, Parquet or JSON Lines); and rules and themes (CSV)."""


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


@import_group.command()
@FILE
@click.option("--dry-run", is_flag=True, help="Say what would happen, and every bad line; change nothing.")
def rules(file: Path, dry_run: bool) -> None:
    """Bring pins, vetoes and boosts into the draft, all of them or, when any line is bad, none.

    A rule with the id of one in the draft replaces it; rules that the file does not name stay.
    """
    shop, data = this_shop(), file.read_bytes()
    plan = plan_import(shop, OPERATOR, data) if dry_run else import_rules(shop, OPERATOR, data)[0]
    _tell(plan, "rules", dry_run)


@import_group.command()
@FILE
@click.option("--dry-run", is_flag=True, help="Say what would happen, and every bad line; change nothing.")
def themes(file: Path, dry_run: bool) -> None:
    """Bring themes into the draft, all of them or, when any line is bad, none.

    A theme with the slug of one in the draft replaces it; themes that the file does not name stay.
    """
    shop, data = this_shop(), file.read_bytes()
    plan = plan_themes(shop, OPERATOR, data) if dry_run else import_themes(shop, OPERATOR, data)[0]
    _tell(plan, "themes", dry_run)


def _tell(plan: Plan, noun: str, dry_run: bool) -> None:
    """Say what was done or would be; or name every bad line, and fail."""
    for row in plan.problems:
        click.echo(f"  {row}", err=True)
    if plan.problems:
        raise Invalid("file", f"{plan.bad_lines:,} lines cannot be {noun}, so nothing was changed; mend them")
    done = "would be" if dry_run else "are"
    click.echo(
        f"{len(plan.new):,} new {noun} {done} in the draft, {len(plan.changed):,} changed, {plan.unchanged:,} as before."
    )


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
