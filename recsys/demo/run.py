"""recsys demo, from an empty folder to servers that answer."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import click

from recsys.demo.layout import ensure_layout
from recsys.demo.people import actor, ensure_key, ensure_people
from recsys.demo.record import DemoRecord, read_record, write_record
from recsys.demo.samples import pick_sample_users
from recsys.demo.servers import Fleet, Server
from recsys.demo.storefront.config import StorefrontConfig, write_config
from recsys.domain.people import Role
from recsys.models.progress import Progress
from recsys.services.shop import Shop, open_shop
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder
from recsys.storage.migrate import upgrade

SHOP_NAME = "The gift shop"
ZONE = "Europe/London"
TOLD = "demo-told"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demonstration answers."""

    ui: int
    api: int
    storefront: int


def open_demo() -> Shop:
    """The demonstration's shop in the home that the environment names."""
    settings = Settings.from_environment(os.environ)
    named = replace(settings, shop_name=os.environ.get("RECSYS_SHOP_NAME") or SHOP_NAME)
    return open_shop(replace(named, timezone=os.environ.get("RECSYS_TIMEZONE") or ZONE))


def servers(ports: Ports) -> tuple[Server, Server, Server]:
    """The desk, the endpoint, and the shop front that calls it."""
    return (
        Server(("recsys", "ui"), ports.ui, "/login", "--ui-port"),
        Server(("recsys", "serve"), ports.api, "/readyz", "--api-port"),
        Server(("recsys.demo.storefront",), ports.storefront, "/alive", "--storefront-port"),
    )


def run_demo(shop: Shop, ports: Ports, progress: Progress) -> DemoRecord:
    """Prepare the home; the record of who may use it."""
    upgrade(shop.settings.database_url)
    if not (shop.settings.home / TOLD).exists():
        # Brings in the whole batch, which a second start need not wait for.
        from recsys.demo.shop_home import prepare

        prepare(shop, progress)
        (shop.settings.home / TOLD).touch()
    ensure_layout(shop, actor(Role.PUBLISHER))
    before = read_record(shop.settings.home)
    live = LiveHolder(shop.database, shop.settings, clock=shop.clock).catch_up()
    samples = before.sample_users if before is not None else pick_sample_users(shop, live)
    ui, api, storefront = servers(ports)
    return DemoRecord(
        ui=ui.address,
        api=api.address,
        storefront=storefront.address,
        api_key=ensure_key(shop, before),
        users=ensure_people(shop, before),
        sample_users=samples,
    )


def serve_demo(shop: Shop, ports: Ports, record: DemoRecord) -> None:
    """Start the servers, say where they are, and stay until a signal comes."""
    told = replace(shop.settings, host="127.0.0.1", ui_port=ports.ui, api_port=ports.api, log_level="warning")
    fleet = Fleet(servers(ports), told.to_environment())
    front = StorefrontConfig(record.api, record.api_key, ports.storefront, record.sample_users)
    write_config(shop.settings.home, front)
    try:
        fleet.start()
        write_record(shop.settings.home, record)
        click.echo(greeting(record, shop.settings))
        fleet.watch()
    finally:
        fleet.stop()


def greeting(record: DemoRecord, settings: Settings) -> str:
    """What the terminal says once everything answers."""
    people = [f"    {user.role:<10} {user.email:<24} {user.password}" for user in record.users]
    publisher = next(user for user in record.users if user.role == Role.PUBLISHER)
    ask = f"{record.api}/v1/recommendations?surface=home&user_id={record.sample_users[0]}&limit=5"
    return "\n".join(
        [
            "",
            f"  The desk      {record.ui}    (try it as {publisher.email})",
            f"  The endpoint  {record.api}",
            f"  The shop      {record.storefront}    (what a shopper sees)",
            "",
            "  Sign in as",
            *people,
            "",
            "  Ask for a slate",
            f"    curl -H 'Authorization: Bearer {record.api_key}' '{ask}'",
            "",
            f"  All of this is in {settings.home / 'demo.json'}. Ctrl-C stops the servers.",
        ]
    )
