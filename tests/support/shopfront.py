"""The shop front of the demonstration over the tiny shop, in a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from werkzeug.serving import make_server

from recsys.demo.storefront.app import create_app
from recsys.demo.storefront.config import StorefrontConfig
from recsys.demo.storefront.goods import Goods
from recsys.domain.people import OPERATOR
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import theme_id
from recsys.services.drafting import read_draft
from recsys.services.keys import add_key
from support.tiny_shop import TinyShop, publish_rules, tiny_items

SHOPPERS = ["ann", "bob"]


def with_rows(tiny: TinyShop) -> TinyShop:
    """The tiny shop with a theme and what is new below the main row of its home page."""
    home = read_draft(tiny.shop).live.surface("home")
    rows = (
        RowSettings(title="Chosen for you", size=8),
        RowSettings("tea", kind=RowKind.THEME, theme=theme_id("tea-time"), size=6),
        RowSettings("new", title="Just arrived", kind=RowKind.NEW, size=6),
    )
    publish_rules(tiny.shop, replace(home, rows=rows))
    return tiny


def key_of(tiny: TinyShop) -> str:
    """A key such as the demonstration's: secret, for asking and telling."""
    return add_key(tiny.shop, OPERATOR, "shop front", ["read", "events"])[0]


@contextmanager
def running_shopfront(tiny: TinyShop, api_port: int, key: str) -> Iterator[str]:
    """The address of the shop front, until the block ends."""
    config = StorefrontConfig(f"http://127.0.0.1:{api_port}", key, 0, SHOPPERS)
    app = create_app(replace(tiny.settings, shop_name="The tiny shop"), config, Goods.of(tiny_items()))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
