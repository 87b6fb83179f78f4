"""What commands share: the shop that the environment names, and tables on the terminal."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable

import structlog
from rich.console import Console
from rich.table import Table

from recsys.services.shop import Shop, open_shop
from recsys.settings import Settings


def this_shop() -> Shop:
    """The shop that the environment names. Whoever runs a command is told what is wrong in a sentence, not in a log."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return open_shop(Settings.from_environment(os.environ))


def show(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table; numbers to the right, wide enough for a pipe when there is no terminal."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(
            column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table, highlight=False)
