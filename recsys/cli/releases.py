"""recsys releases, accept, rollback, publish-due."""

from __future__ import annotations

import click

from recsys.cli.context import show, this_shop
from recsys.domain.people import OPERATOR
from recsys.services.proposing import publish_due
from recsys.services.releasing import accept_run, roll_back
from recsys.services.releasing import releases as all_releases


@click.command()
@click.argument("run")
@click.option("--comment", default="", help="Kept with the release.")
@click.option(
    "--despite-gate", is_flag=True, help="Accept although the quality gate says no; needs a comment."
)
def accept(run: str, comment: str, despite_gate: bool) -> None:
    """Make a run's snapshot live, under the rules that are live now."""
    release = accept_run(this_shop(), OPERATOR, run, comment=comment, despite_gate=despite_gate)
    click.echo(f"Release {release.number} is live with run {release.run_id}.")


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
def releases(limit: int) -> None:
    """List the releases, the live one first."""
    rows = (
        (
            each.number,
            each.kind,
            each.run_id or "–",
            each.author,
            f"{each.created_at:%Y-%m-%d %H:%M} UTC",
            each.comment,
        )
        for each in all_releases(this_shop(), limit)
    )
    show((">release", "kind", "run", "author", "published", "comment"), rows)


@click.command()
@click.argument("release", type=int)
@click.option("--rules", "what", flag_value="rules", help="Only the rules; the run stays.")
@click.option("--run", "what", flag_value="run", help="Only the run; the rules stay.")
@click.option("--comment", default="", help="Kept with the release.")
def rollback(release: int, what: str | None, comment: str) -> None:
    """Make a new release with the content of an old one. Takedowns stay."""
    made = roll_back(this_shop(), OPERATOR, release, what=what or "both", comment=comment)  # type: ignore[arg-type]  # click gives a plain str
    click.echo(f"Release {made.number} is live, with the content of release {release}.")


@click.command("publish-due")
def publish_due_command() -> None:
    """Publish what was planned at the desk and is due. A running desk does so by itself; this is for when none runs."""
    done = publish_due(this_shop())
    for each in done:
        if each.status == "published":
            click.echo(f"Release {each.release} is live, as {each.author} had planned.")
        else:
            click.echo(f"What {each.author} had planned was not published: {each.word}")
    if not done:
        click.echo("Nothing is due.")
