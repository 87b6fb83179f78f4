"""What a shop's server needs to vouch for its shoppers is told once the key is made, and later again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from recsys.cli.people import keys as keys_command
from recsys.domain.errors import Conflict, Invalid, NotFound
from recsys.services.keys import add_key, keys, revoke_key
from recsys.services.shopper_tokens import read_shopper_token, secret_of, token_for
from tests.integration.shops import ADA

ORIGIN = "https://shop.example"


def run(shop, *arguments):
    environment = {
        "RECSYS_HOME": str(shop.settings.home),
        "RECSYS_DATABASE_URL": shop.settings.database_url,
        "RECSYS_SECRET_KEY": shop.settings.secret_key.decode(),
    }
    return CliRunner().invoke(keys_command, arguments, env=environment, catch_exceptions=False)


def test_a_publishable_key_comes_with_its_id_and_the_secret_of_its_tokens(shop):
    done = run(shop, "add", "page", "--scope", "read", "--publishable", "--origin", ORIGIN)
    [info] = keys(shop)
    assert done.stdout.splitlines()[0].startswith("rk_")
    assert len(done.stdout.splitlines()) == 1, "so that a script may take the key as it is"
    assert info.id in done.stderr
    assert secret_of(shop, info.id) in done.stderr
    assert run(shop, "secret", info.id).stdout.strip() == secret_of(shop, info.id)


def test_a_secret_key_has_no_secret_for_tokens(shop):
    done = run(shop, "add", "server", "--scope", "read")
    [info] = keys(shop)
    assert "rs_" not in done.output
    with pytest.raises(Conflict):
        secret_of(shop, info.id)


def test_a_token_to_try_things_out_names_the_shopper_for_as_long_as_asked(shop):
    _, info = add_key(shop, ADA, "page", ["read"], publishable=True, origins=[ORIGIN])
    token = run(shop, "token", info.id, "ann", "--minutes", "5").stdout.strip()
    with pytest.raises(Invalid):
        read_shopper_token(token, "rs_another", shop.clock())
    now = shop.clock()
    own = token_for(shop, info.id, "ann", now + timedelta(minutes=5))
    assert read_shopper_token(own, secret_of(shop, info.id), now).user == "ann"


def test_the_secret_ends_with_the_key(shop):
    _, info = add_key(shop, ADA, "page", ["read"], publishable=True, origins=[ORIGIN])
    revoke_key(shop, ADA, info.id)
    with pytest.raises(Conflict):
        secret_of(shop, info.id)
    with pytest.raises(NotFound):
        secret_of(shop, "no-such-key")
