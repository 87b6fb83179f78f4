"""recsys train and recsys runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from click.core import ParameterSource

from recsys.cli.context import show, this_shop
from recsys.cli.progress import Bars
from recsys.domain.people import OPERATOR
from recsys.services.auto_accept import let_the_gate_decide
from recsys.services.pruning import prune_snapshots
from recsys.services.runs import live_run
from recsys.services.runs import runs as all_runs
from recsys.services.training import start_run
from recsys.storage.runs import RunInfo


@click.command()
@click.option("--model", default="auto", show_default=True, metavar="auto|NAME|module:Class")
@click.option(
    "--budget",
    default=300.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="No further model is tried after this long.",
)
@click.option(
    "--engine",
    default="local",
    show_default=True,
    type=click.Choice(["local", "spark"]),
    help="Who trains: this machine, or a Spark cluster, which trains ALS.",
)
@click.option(
    "--master",
    default="local[*]",
    show_default=True,
    metavar="MASTER",
    help="With --engine spark: where the cluster is, such as spark://host:7077.",
)
@click.pass_context
def train(ctx: click.Context, model: str, budget: float, engine: str, master: str) -> None:
    """Train on everything imported, and leave a run for review, or make it live (RECSYS_AUTO_ACCEPT)."""
    if engine == "local" and ctx.get_parameter_source("master") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--master goes with --engine spark.")
    shop = this_shop()
    live = live_run(shop)
    with Bars() as bars:
        run = start_run(
            shop,
            OPERATOR,
            model=model,
            budget=budget,
            progress=bars,
            cluster=master if engine == "spark" else None,
        )
    _show_beside(run, live)
    click.echo(_gate_in_words(run.gate))
    release = let_the_gate_decide(shop, run)
    if release is None:
        click.echo(f"Run {run.id} ({run.model}) waits for review: recsys accept {run.id}")
    else:
        click.echo(f"Run {run.id} ({run.model}) passed the gate and is live as release {release.number}.")


@click.command()
def prune() -> None:
    """Remove snapshots of runs that no release may go back to any more."""
    gone = prune_snapshots(this_shop(), OPERATOR)
    click.echo(f"Removed the snapshots of {', '.join(gone)}." if gone else "Every snapshot is still of use.")


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
def runs(limit: int) -> None:
    """List the runs, the newest first."""
    rows = (
        (
            each.id,
            each.status,
            each.model,
            _value(each.metrics, "ndcg@20"),
            f"{each.started_at:%Y-%m-%d %H:%M} UTC",
            each.error or "",
        )
        for each in all_runs(this_shop(), limit)
    )
    show(("run", "status", "model", ">ndcg@20", "started", "error"), rows)


def _show_beside(run: RunInfo, live: RunInfo | None) -> None:
    """Print the new run's metrics beside the live run's."""
    values: Mapping[str, float] = run.metrics.get("values", {})
    beside: Mapping[str, float] = {} if live is None else live.metrics.get("values", {})
    rows = ((name, _number(value), _number(beside.get(name))) for name, value in values.items())
    show(("metric", f">{run.id}", f">live: {live.id}" if live else ">live"), rows)


def _gate_in_words(gate: Mapping[str, Any]) -> str:
    failed = [check["words"] for check in gate.get("checks", ()) if not check["passed"]]
    return "The quality gate passed." if not failed else "The quality gate failed: " + " ".join(failed)


def _value(metrics: Mapping[str, Any], name: str) -> str:
    return _number(metrics.get("values", {}).get(name))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
