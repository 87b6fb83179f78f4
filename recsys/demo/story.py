"""What the editors of the demonstration shop would do a few weeks before Christmas.

Every step goes through the same use cases as the desk, so the audit page tells the story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from recsys.demo.layout import HOME as PAGE
from recsys.demo.layout import laid_out
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import Actor
from recsys.domain.rules import AnyRule, Boost, Pin, Theme, ThemeOrder, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window, from_local
from recsys.services.drafting import put_rule, read_draft, rule_token, undo
from recsys.services.releasing import publish
from recsys.services.shop import Shop
from recsys.services.takedowns import standing, take_down

ZONE = "Europe/London"
TEA = "tea-for-two"
HOME = Scope(surface="home", row="main")
PRODUCT = Scope(surface="product", row="main")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the story."""

    editor: Actor
    publisher: Actor


def is_told(shop: Shop) -> bool:
    """Whether the story's release is live already."""
    return read_draft(shop).live.theme(TEA) is not None


def publish_story(shop: Shop, cast: Cast) -> None:
    """Take one item down, draft themes, pins, vetoes and boosts, and publish them.

    May be repeated after a kill: what an interrupted telling left in the draft is taken back first.
    """
    _clear_draft(shop, cast)
    if not standing(shop):
        recalled = Target(item_id=ItemId("22111"))
        take_down(shop, cast.publisher, recalled, reason="Supplier recall: the seam may leak")
    now = shop.clock()
    rules = [*themes(now), *pins(shop, now), *vetoes(shop, now), *boosts(shop, now)]
    changes = [put_rule(shop, cast.editor, rule, expected="new").id for rule in rules]
    draft = read_draft(shop)
    home = draft.rules.surface(PAGE)
    if home is not None:
        rows = put_rule(shop, cast.editor, laid_out(home), expected=rule_token(draft, home.id))
        changes.append(rows.id)
    publish(
        shop, cast.publisher, changes, comment="Winter opening: tea, lights and the first Christmas stock"
    )


def leave_a_draft(shop: Shop, cast: Cast) -> None:
    """Two changes that wait: one of the editor's, one of the publisher's."""
    _clear_draft(shop, cast)
    now = shop.clock()
    bunting = Pin(
        id=RuleId(shop.new_id("pin")),
        slot=4,
        item_id=ItemId("23298"),
        scope=HOME,
        window=_until(now, days=21),
        notes="Garden parties are over, indoor ones begin",
    )
    gliders = Veto(
        id=RuleId(shop.new_id("veto")),
        target=Target(item_id=ItemId("84077")),
        reason="Too small a price to lead the home page",
        scope=HOME,
    )
    put_rule(shop, cast.editor, bunting, expected="new")
    put_rule(shop, cast.publisher, gliders, expected="new")


def themes(now: datetime) -> Sequence[Theme]:
    """Four collections, each ordered in its own way."""
    return [
        Theme(
            id=theme_id(TEA),
            slug=TEA,
            title="Tea for two",
            blurb="Cups, pots and something sweet to go with them.",
            titles={"France": "Thé à deux", "Germany": "Tee für zwei"},
            blurbs={"Germany": "Tassen, Kannen und etwas Süßes dazu."},
            picks=_ids("22697 22698 22699 22423 22139 23245"),
            selector=Selector(tags=("tea",)),
            excluded=_ids("22114"),
            order=ThemeOrder.HEAD_THEN_MODEL,
            head=3,
            notes="The three Regency cups lead; the model orders the rest.",
        ),
        Theme(
            id=theme_id("light-the-evening"),
            slug="light-the-evening",
            title="Light the evening",
            blurb="T-lights, lanterns and small lamps for long evenings.",
            titles={"Germany": "Lichter für lange Abende"},
            picks=_ids("85123A 84946 22178"),
            selector=Selector(tags=("t-light", "lamp"), price_max=15.0),
            order=ThemeOrder.MODEL,
        ),
        Theme(
            id=theme_id("a-vintage-christmas"),
            slug="a-vintage-christmas",
            title="A vintage Christmas",
            blurb="Paper chains, wooden stars and crackers as they used to be.",
            titles={"France": "Un Noël d'autrefois", "Germany": "Weihnachten wie früher"},
            picks=_ids("22086 22910 22577 22578 23344 22909 22734 23320 23311 23313 22952 22144"),
            order=ThemeOrder.BY_HAND,
            window=Window(end=_new_year(now), zone=ZONE),
            notes="By hand: the paper chains sell the rest.",
        ),
        Theme(
            id=theme_id("retrospot-party"),
            slug="retrospot-party",
            title="Retrospot party",
            blurb="Everything red and white for a table of ten.",
            picks=_ids("21212 22090 21080"),
            selector=Selector(tags=("retrospot", "party"), price_max=20.0),
            order=ThemeOrder.HEAD_THEN_MODEL,
        ),
    ]


def pins(shop: Shop, now: datetime) -> Sequence[Pin]:
    """A lead for everyone with an understudy, a market's own pin with the rule that it overrules, theme slots."""

    def pin(slot: int, item: str | None = None, theme: str | None = None, **more: object) -> Pin:
        named = {"item_id": ItemId(item)} if item else {"theme": theme_id(theme or "")}
        return Pin(id=RuleId(shop.new_id("pin")), slot=slot, **{"scope": HOME, **named, **more})  # type: ignore[arg-type]  # keywords of Pin

    return [
        pin(1, "23084", notes="Photographed for this month's letter", window=_until(now, days=14)),
        pin(1, "23355", priority=-1, notes="Understudy for shoppers who have the night light"),
        pin(
            2,
            "22909",
            notes="Napkins go with every basket before Christmas",
            window=Window(end=_new_year(now), zone=ZONE),
        ),
        pin(3, "47566", scope=Scope(surface="home", row="main", market="United Kingdom")),
        pin(3, "85099B"),
        pin(5, theme=TEA),
        pin(9, theme=TEA),
        pin(7, theme="a-vintage-christmas"),
        pin(12, theme="light-the-evening"),
        pin(
            2,
            "22720",
            scope=Scope(surface="product", row="main", context_selector=Selector(tags=("baking",))),
        ),
        pin(6, theme=TEA, scope=PRODUCT),
    ]


def vetoes(shop: Shop, now: datetime) -> Sequence[Veto]:
    """Out of season, returned too often, and nothing for the basket's last minute."""

    def veto(target: Target, reason: str, **more: object) -> Veto:
        return Veto(id=RuleId(shop.new_id("veto")), target=target, reason=reason, **more)  # type: ignore[arg-type]  # keywords of Veto

    return [
        veto(
            Target(selector=Selector(tags=("easter",))),
            "Out of season until February",
            window=Window(end=_next(now, month=2, day=1), zone=ZONE),
        ),
        veto(Target(item_id=ItemId("20914")), "Lids crack in the post; returns above 8 %"),
        veto(
            Target(selector=Selector(price_max=0.2)),
            "Costs more to pick than it earns",
            scope=Scope(surface="cart"),
        ),
    ]


def boosts(shop: Shop, now: datetime) -> Sequence[AnyRule]:
    """New arrivals now, Christmas from the first of December, mirrors never first."""
    christmas = Window(start=_next(now, month=12, day=1), zone=ZONE)
    return [
        Boost(
            id=RuleId(shop.new_id("boost")),
            target=Target(selector=Selector(max_age_days=90)),
            factor=1.2,
            scope=HOME,
            notes="Give new arrivals a chance to be seen",
        ),
        Boost(
            id=RuleId(shop.new_id("boost")),
            target=Target(selector=Selector(tags=("christmas",))),
            factor=1.5,
            scope=HOME,
            window=christmas,
        ),
        Boost(
            id=RuleId(shop.new_id("boost")),
            target=Target(selector=Selector(tags=("mirror",))),
            factor=0.5,
            notes="Breakages in the last weeks before Christmas",
        ),
    ]


def _clear_draft(shop: Shop, cast: Cast) -> None:
    for change in reversed(read_draft(shop).changes):
        undo(shop, cast.publisher, change.id)


def _ids(text: str) -> tuple[ItemId, ...]:
    return tuple(ItemId(each) for each in text.split())


def _until(now: datetime, *, days: int) -> Window:
    """From now to six in the evening, shop time, some days on."""
    local = (now + timedelta(days=days)).astimezone(ZoneInfo(ZONE))
    evening = local.replace(hour=18, minute=0, second=0, microsecond=0, tzinfo=None)
    return Window(end=from_local(evening, ZONE), zone=ZONE)


def _next(now: datetime, *, month: int, day: int) -> datetime:
    """The next time that a date begins, shop time."""
    year = now.astimezone(ZoneInfo(ZONE)).year
    first = from_local(datetime(year, month, day), ZONE)  # noqa: DTZ001 - a local time, made UTC here
    return first if first > now else from_local(datetime(year + 1, month, day), ZONE)  # noqa: DTZ001 - as above


def _new_year(now: datetime) -> datetime:
    return _next(now.astimezone(UTC), month=1, day=1)
