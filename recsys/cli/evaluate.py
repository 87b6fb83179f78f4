"""recsys evaluate: a model on a fixed split, without a database."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from recsys.batch.evaluate import evaluate_files
from recsys.cli.context import show
from recsys.cli.progress import Bars
from recsys.domain.errors import Invalid
from recsys.models.selection import DECISIVE


@click.command()
@click.option("--train", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--test", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--model", default="auto", show_default=True, metavar="auto|NAME|module:Class")
@click.option(
    "--budget",
    default=300.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long auto may tune; fitting and ranking come on top.",
)
@click.option(
    "--k", default=20, show_default=True, type=click.IntRange(1, 1000), help="How deep the lists are."
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write everything that was found as JSON; - for standard output.",
)
def evaluate(train: Path, test: Path, model: str, budget: float, k: int, json_file: Path | None) -> None:
    """Fit on one file, rank all unseen items for its users, and measure against another.

    Both files have a user, a tab and an item a line, no header, plain or packed with gzip. A third column of the
    training file is a weight.
    """
    _check_writable(json_file)
    with Bars() as bars:
        report = evaluate_files(train, test, model=model, budget=budget, k=k, progress=bars).report
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if json_file is not None and str(json_file) == "-":
        click.echo(text, nl=False)
        return
    if json_file is not None:
        json_file.write_text(text, encoding="utf-8")
    _show(report)


def _check_writable(json_file: Path | None) -> None:
    """Say before the long work, not after it, that the result has no place to go."""
    if json_file is None or str(json_file) == "-":
        return
    if not json_file.parent.is_dir() or not os.access(json_file.parent, os.W_OK):
        raise Invalid("json", f"the folder {json_file.parent} does not exist or cannot be written to")


def _show(report: Mapping[str, Any]) -> None:
    """Print what was found, as tables."""
    if report["leaderboard"]:
        click.echo(f"Tuned on a validation part of the training file, by {DECISIVE}:")
        rows = ((each["model"], _number(each["values"].get(DECISIVE))) for each in report["leaderboard"])
        show(("model", f">{DECISIVE}"), rows)
        click.echo()
    counts, seconds = report["counts"], report["seconds"]
    click.echo(f"{report['model']} on the test file:")
    errors = report["standard_errors"]
    metrics = report["metrics"].items()
    show(
        ("metric", ">value", ">± (standard error)"),
        ((name, _number(value), _number(errors.get(name))) for name, value in metrics),
    )
    click.echo(
        f"{counts['users_evaluated']:,} users evaluated, {counts['users_unknown']:,} unknown; "
        f"{counts['items_train']:,} items; {seconds['total']:.0f} s, of which fitting {seconds['fit']:.0f} s; "
        f"{report['peak_memory_mib']:,.0f} MiB"
    )
    for note in report["notes"]:
        click.echo(f"Note: {note}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
