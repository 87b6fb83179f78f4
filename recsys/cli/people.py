"""The commands of `recsys users` and `recsys keys`."""

from __future__ import annotations

from datetime import timedelta

import click

from recsys.cli.context import show, this_shop
from recsys.domain.people import OPERATOR, Role
from recsys.services.keys import SCOPES, add_key, revoke_key
from recsys.services.keys import keys as all_keys
from recsys.services.people import add_person, deactivate, everyone, set_password
from recsys.services.shopper_tokens import secret_of, signing_secret, token_for


@click.group()
def users() -> None:
    """The people who may sign in to the desk."""


@users.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", default="", help="How the desk calls the person.")
@click.password_option(help="At least 10 characters; asked for when not given.")
def add_user(email: str, role: str, name: str, password: str) -> None:
    """Add a person who may sign in."""
    person = add_person(this_shop(), OPERATOR, email, Role(role), password, name=name)
    click.echo(f"{person.email} may sign in as {person.role}.")


@users.command("password")
@click.argument("email")
@click.password_option(help="At least 10 characters; asked for when not given.")
def change_password(email: str, password: str) -> None:
    """Set a person's password; sessions that are open end."""
    set_password(this_shop(), OPERATOR, email, password)
    click.echo(f"{email} has a new password; open sessions have ended.")


@users.command("remove")
@click.argument("email")
def remove_user(email: str) -> None:
    """Let a person sign in no longer; what they did stays in the history."""
    deactivate(this_shop(), OPERATOR, email)
    click.echo(f"{email} may no longer sign in.")


@users.command("list")
def list_users() -> None:
    """List everybody."""
    show(
        ("email", "name", "role", "may sign in"),
        (
            (each.email, each.name, each.role, "yes" if each.active else "no")
            for each in everyone(this_shop())
        ),
    )


@click.group()
def keys() -> None:
    """The keys with which storefronts call the endpoint."""


@keys.command("add")
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True)
@click.option("--publishable", is_flag=True, help="For browsers: may not name shoppers.")
@click.option(
    "--origin", "origins", multiple=True, metavar="URL", help="Where a publishable key may be used."
)
@click.option("--rate-limit", type=int, metavar="N", help="At most N requests a minute.")
def add_key_command(
    name: str, scopes: tuple[str, ...], publishable: bool, origins: tuple[str, ...], rate_limit: int | None
) -> None:
    """Make a key and show it, this once."""
    shop = this_shop()
    text, info = add_key(
        shop, OPERATOR, name, scopes, publishable=publishable, origins=origins, rate_limit=rate_limit
    )
    click.echo(text)
    click.echo("This is the only time the key is shown; keep it in a safe place.", err=True)
    if publishable:
        click.echo(f"Id: {info.id}", err=True)
        click.echo(f"Secret for shopper tokens: {signing_secret(shop.settings, info.id)}", err=True)
        click.echo("Keep it on your server, which signs a token for a shopper who is signed in.", err=True)


@keys.command("secret")
@click.argument("key_id")
def show_secret(key_id: str) -> None:
    """Show the secret that signs the shopper tokens of a publishable key."""
    click.echo(secret_of(this_shop(), key_id))


@keys.command("token")
@click.argument("key_id")
@click.argument("user")
@click.option("--minutes", type=click.IntRange(1, 1440), default=60, show_default=True, metavar="N")
def make_token(key_id: str, user: str, minutes: int) -> None:
    """Make a shopper token, to try things out."""
    shop = this_shop()
    click.echo(token_for(shop, key_id, user, shop.clock() + timedelta(minutes=minutes)))


@keys.command("revoke")
@click.argument("key_id")
def revoke_key_command(key_id: str) -> None:
    """End a key; workers refuse it within a second."""
    info = revoke_key(this_shop(), OPERATOR, key_id)
    click.echo(f"The key “{info.name}” works no longer.")


@keys.command("list")
def list_keys() -> None:
    """List the keys, without the keys themselves."""
    rows = (
        (each.id, each.name, f"{each.prefix}…", " ".join(each.scopes), "yes" if each.publishable else "no")
        for each in all_keys(this_shop())
    )
    show(("id", "name", "begins", "scopes", "publishable"), rows)
