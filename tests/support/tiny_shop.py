"""A small shop with a history, made in well under a second: what tests of the endpoint and the desk start from.

40 items, six shoppers, two runs (`run-1` is live, `run-2` waits), two releases that carry `run-1`: one
with the default surfaces alone, then one with pins, a theme, a veto and a boost; keys of every kind.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import AnyRule, Boost, Pin, Theme, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.services.catalog import upsert_items
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.keys import add_key
from recsys.services.releasing import accept_run, publish
from recsys.services.seeding import ensure_first_release
from recsys.services.shop import Shop
from recsys.settings import Settings
from recsys.storage.runs import RunInfo
from recsys.storage.unit_of_work import Database
from support.tiny_snapshot import TinyRun, write_tiny_snapshot

BEGAN = datetime(2026, 11, 20, 8, tzinfo=UTC)
ORIGIN = "https://shop.example"
SECRET = "a-secret-for-tests-that-protects-nothing"

COLOURS = ("red", "blue", "green", "ivory")
THINGS = (
    "Mug", "Lantern", "Cushion", "Bunting", "Tea Tin",
    "Clock", "Doorstop", "Photo Frame", "Cake Stand", "Garland",
)  # fmt: skip

UNAVAILABLE = "i38"
OUT_OF_STOCK = "i39"
ONLY_IN_FRANCE = "i40"
PINNED = "i07"
VETOED = "i12"

OWNED: Mapping[str, tuple[str, ...]] = {
    "ann": ("i01", "i02"),
    "bob": ("i03",),
    "cleo": ("i01", "i20", "i21"),
    "dan": (),
    "eve": ("i30", "i31"),
    "zoë": ("i05", "i06"),
}
MARKETS: Mapping[str, str] = {"ann": "GB", "bob": "FR", "cleo": "GB", "dan": "", "eve": "DE", "zoë": "FR"}
THEME_MEMBERS = ("i15", "i16", "i17", "i18")


@dataclass(frozen=True, slots=True)
class Keys:
    """The texts of the keys: secret ones by scope, and one for browsers with the origin `ORIGIN`."""

    read: str
    events: str
    admin: str
    publishable: str
    limited: str


@dataclass(frozen=True, slots=True)
class TinyShop:
    """The shop, its keys, and the numbers of its two releases that carry a run."""

    shop: Shop
    keys: Keys
    plain_release: int
    curated_release: int

    @property
    def settings(self) -> Settings:
        """The shop's settings."""
        return self.shop.settings

    @property
    def environment(self) -> dict[str, str]:
        """The variables under which a process serves this shop."""
        return {
            "RECSYS_HOME": str(self.settings.home),
            "RECSYS_DATABASE_URL": self.settings.database_url,
            "RECSYS_SECRET_KEY": SECRET,
            "RECSYS_REFRESH_SECONDS": str(self.settings.refresh_seconds),
            # The machine that runs the tests may stall; what is turned away then has tests of its own.
            "RECSYS_SHED_SECONDS": "60",
        }


def make_tiny_shop(
    home: Path, database_url: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> TinyShop:
    """Make the shop in `home`, in an empty but migrated database."""
    settings = Settings.from_environment(
        {"RECSYS_HOME": str(home), "RECSYS_DATABASE_URL": database_url, "RECSYS_SECRET_KEY": SECRET}
    )
    numbers = itertools.count(1)
    shop = Shop(Database(settings.database_url), settings, clock, lambda kind: f"{kind}-{next(numbers):06d}")
    upsert_items(shop, OPERATOR, tiny_items())
    ensure_first_release(shop, OPERATOR)
    for number in (1, 2):
        add_tiny_run(shop, number)
    plain = accept_run(shop, OPERATOR, "run-1", comment="the first run")
    curated = publish_rules(shop, *tiny_rules())
    return TinyShop(shop, _keys(shop), plain.number, curated)


def tiny_items() -> list[Item]:
    """Ten things in four colours; `group_id` joins the colours of a thing."""
    items = []
    for number in range(1, 41):
        thing, colour = THINGS[(number - 1) % 10], COLOURS[(number - 1) // 10]
        items.append(
            Item(
                item_id=ItemId(f"i{number:02d}"),
                title=f"{colour.title()} {thing}",
                price=round(0.95 + number * 0.5, 2),
                currency="GBP",
                tags=(colour, thing.lower().replace(" ", "-")),
                group_id=f"g{(number - 1) % 10}" if number % 3 == 0 else None,
                url=f"/items/i{number:02d}",
                added_at=datetime(2026, 1, 1 + number % 28, tzinfo=UTC),
                attributes={"cost": number / 10},
            )
        )
    changes = {
        UNAVAILABLE: {"available": False},
        OUT_OF_STOCK: {"stock": 0},
        ONLY_IN_FRANCE: {"markets": ("FR",)},
    }
    return [replace(item, **changes.get(item.item_id, {})) for item in items]


def tiny_rules() -> list[AnyRule]:
    """What the second release carries: all on the surface home, but for the veto, which holds everywhere."""
    home = Scope(surface="home")
    theme = Theme(
        id=theme_id("tea-time"),
        slug="tea-time",
        title="Tea time",
        blurb="For the long afternoon.",
        picks=tuple(map(ItemId, THEME_MEMBERS)),
        selector=Selector(tags=("tea-tin",)),
        head=0,
    )
    return [
        theme,
        Pin(id=RuleId("pin-mug"), slot=3, item_id=ItemId(PINNED), scope=home),
        Pin(id=RuleId("pin-tea"), slot=6, theme=theme.id, scope=home),
        Veto(id=RuleId("veto-1"), target=Target(item_id=ItemId(VETOED)), reason="Breaks in the post"),
        Boost(
            id=RuleId("boost-1"), target=Target(selector=Selector(tags=("green",))), factor=1.5, scope=home
        ),
    ]


def add_tiny_run(shop: Shop, number: int, *, depth: int = 200) -> None:
    """Write the snapshot of `run-<number>` and its row, ready to be accepted."""
    run_id = f"run-{number}"
    items = [item.item_id for item in tiny_items()]
    run = TinyRun(run_id, items, OWNED, MARKETS, seed=number, created_at=BEGAN, depth=depth)
    write_tiny_snapshot(shop.settings.snapshots_dir, run, shop.settings.identity_key)
    with shop.database.write() as unit:
        unit.runs.add(_run_info(run_id, number))


def publish_rules(shop: Shop, *rules: AnyRule) -> int:
    """Put rules into the draft and publish them alone; the number of the release."""
    changes = []
    for rule in rules:
        token = rule_token(read_draft(shop), rule.id)
        changes.append(put_rule(shop, OPERATOR, rule, expected=token))
    return publish(shop, OPERATOR, [change.id for change in changes], comment="for the tests").number


def _run_info(run_id: str, number: int) -> RunInfo:
    values = {"recall@20": 0.30 + number / 100, "ndcg@20": 0.20 + number / 100}
    models = [{"model": "als", "values": values}, {"model": "popular", "values": {"ndcg@20": 0.1}}]
    return RunInfo(
        id=run_id,
        status="ready",
        model="als",
        started_at=BEGAN,
        finished_at=BEGAN,
        cutoff=BEGAN,
        requested_by="operator",
        metrics={"k": 20, "decisive": "ndcg@20", "winner": "als", "values": values, "models": models},
        gate={"passed": True, "checks": []},
        facts={
            "shoppers": len(OWNED),
            "items": 40,
            "shoppers_with_candidates": len(OWNED),
            "sample_shoppers": [
                {"user_id": user, "market": MARKETS[user] or None, "bought": len(items)}
                for user, items in OWNED.items()
            ],
        },
    )


def _keys(shop: Shop) -> Keys:
    def key(name: str, scope: str, **options: object) -> str:
        return add_key(shop, OPERATOR, name, [scope], **options)[0]

    return Keys(
        read=key("storefront", "read"),
        events=key("collector", "events"),
        admin=key("backoffice", "admin"),
        publishable=key("browser", "read", publishable=True, origins=[ORIGIN]),
        limited=key("slow", "read", rate_limit=3),
    )
