"""recsys recommend: the slate as a table, with provenance."""

from __future__ import annotations

import click

from recsys.cli.context import show, this_shop
from recsys.domain.slates import Placed
from recsys.services.preview import Question, Stage, look
from recsys.slates.refresh import LiveHolder


@click.command()
@click.argument("user")
@click.option("--surface", default="home", show_default=True)
@click.option("--row", default="main", show_default=True)
@click.option("--market", help="Instead of the shopper's home market.")
@click.option("--context", multiple=True, metavar="ITEM", help="The item that the surface stands beside.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.option("--draft", is_flag=True, help="As the draft would have it.")
def recommend(
    user: str, surface: str, row: str, market: str | None, context: tuple[str, ...], limit: int, draft: bool
) -> None:
    """Show what a shopper sees, and why."""
    shop = this_shop()
    state = LiveHolder(shop.database, shop.settings, clock=shop.clock).whole()
    question = Question(
        surface=surface, row=row, at=shop.clock(), user=user, market=market, context=context, limit=limit
    )
    seen = look(shop, state, question, Stage.DRAFT if draft else Stage.LIVE)
    titles = {item_id: item.title for item_id, item in seen.items.items()}
    show(
        (">slot", "item", "title", "source", ">score", ">rank", "displaced", "why"),
        (_row(placed, titles) for placed in seen.slate.items),
    )
    if not seen.known_shopper:
        click.echo(f"Shopper {user} was not in the last training.", err=True)


def _row(placed: Placed, titles: dict[str, str]) -> tuple[object, ...]:
    return (
        placed.position,
        placed.item_id,
        titles.get(placed.item_id, ""),
        placed.source.value,
        "" if placed.score is None else f"{placed.score:.3f}",
        placed.model_rank or "",
        placed.displaced or "",
        placed.reason.text,
    )
