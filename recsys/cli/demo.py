"""recsys demo."""

from __future__ import annotations

import click

from recsys.cli.progress import Bars

PORT = click.IntRange(1, 65535)


@click.command()
@click.option("--ui-port", default=8000, show_default=True, type=PORT)
@click.option("--api-port", default=8001, show_default=True, type=PORT)
@click.option("--storefront-port", default=8002, show_default=True, type=PORT)
def demo(ui_port: int, api_port: int, storefront_port: int) -> None:
    """Show everything on a real gift shop: load, train, tell a story, serve. Stays until Ctrl-C."""
    from recsys.demo import run

    ports = run.Ports(ui_port, api_port, storefront_port)
    for server in run.servers(ports):
        server.check_port()
    shop = run.open_demo()
    with Bars() as bars:
        record = run.run_demo(shop, ports, bars)
    run.serve_demo(shop, ports, record)
