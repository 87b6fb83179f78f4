"""Hypothesis strategies over a small universe, so that rules, shoppers and items meet often.

Scores and factors are powers of two or eighths, so that products are exact and ties are ties.
The first of every list is the plainest: that is where shrinking ends.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.live import PlainRules
from recsys.domain.merge import merge
from recsys.domain.requests import Request
from recsys.domain.rules import (
    NEXT_RELEASE,
    AnyRule,
    Boost,
    Pin,
    RowSettings,
    RuleSet,
    SurfaceSettings,
    Theme,
    ThemeOrder,
    Veto,
    surface_id,
    theme_id,
)
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.slates import Slate
from recsys.domain.windows import ALWAYS, Window
from support.plain import PlainCandidates, PlainCatalog

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEY = b"a key for tests"
DAY = timedelta(days=1)

ITEMS = tuple(ItemId(f"i{number:02d}") for number in range(12))
STRANGER = ItemId("not-in-the-catalog")
MARKETS = ("FR", "DE", "GB")
USERS = tuple(map(UserId, ("ann", "bob", "cid")))
SEGMENTS = ("new", "loyal", "trade")
TAGS = ("red", "blue", "gift")
GROUPS = ("g1", "g2")
THEMES = (theme_id("spring"), theme_id("gifts"))

any_item = st.sampled_from((*ITEMS, *ITEMS, STRANGER))
scores = st.sampled_from([1.0, 0.875, 0.75, 0.5, 0.5, 0.25, 0.125])

WINDOWS = (
    Window(start=AT), Window(end=AT), Window(AT - DAY, AT + DAY), Window(start=AT + DAY), Window(end=AT - DAY),
)  # fmt: skip
"""They begin or end at the very moment of the request, stand around it, after it or before it."""

half_as_many = settings(max_examples=settings.default.max_examples // 2)
"""For laws that merge many times for one example: half of what the profile asks for."""

T = TypeVar("T")
R = TypeVar("R", Pin, Veto, Boost)


def among(pool: Sequence[T]) -> st.SearchStrategy[T]:
    """One of a pool that is too large to be printed."""
    return st.integers(0, len(pool) - 1).map(pool.__getitem__)


selectors = st.sampled_from([
    *(Selector(tags=(tag,)) for tag in TAGS), Selector(tags=TAGS[:2]),
    Selector(price_min=10), Selector(price_max=10), Selector(price_min=5, price_max=20),
    Selector(min_age_days=30), Selector(max_age_days=30), Selector(min_age_days=10, max_age_days=100),
    *(Selector(market=market) for market in MARKETS[:2]),
    *(Selector(group_id=group) for group in GROUPS), Selector(tags=("red",), price_max=10),
])  # fmt: skip

targets = st.one_of(st.builds(Target, item_id=st.sampled_from(ITEMS)), st.builds(Target, selector=selectors))


def _scopes() -> list[Scope]:
    places = [(None, None), ("home", None), ("home", "main"), ("home", "more"), ("product", None)]
    contexts = [(None, None), (ITEMS[0], None), (ITEMS[1], None), (None, Selector(tags=("red",)))]
    rest = product([None, *MARKETS[:2]], [None, *SEGMENTS[:2]], [None, *USERS[:2]])
    made = [
        Scope(surface, row, item, selector, market, segment, user)
        for market, segment, user in rest
        for item, selector in contexts
        for surface, row in places
    ]
    return sorted(made, key=lambda scope: sum(scope.specificity()))


SCOPES = tuple(_scopes())
scopes = st.one_of(
    st.sampled_from([EVERYWHERE, Scope(surface="home"), EVERYWHERE]),
    st.just(EVERYWHERE),
    among([scope for scope in SCOPES if sum(scope.specificity()) <= 1]),
    among([scope for scope in SCOPES if sum(scope.specificity()) <= 1]),
    among(SCOPES),
)
"""Often everywhere, or one part; sometimes any number of them."""


def _variants() -> list[Item]:
    """Ways for an item to be, without its id: a seeded sample of the many, the plain one first."""
    draw = random.Random(7)
    plain = Item(item_id=ITEMS[0], title="")
    made = [plain] * 60
    for _ in range(56):
        made.append(
            replace(
                plain,
                price=draw.choice([None, 5.0, 10.0, 20.0]),
                tags=tuple(sorted(draw.sample(TAGS, draw.randint(0, 2)))),
                markets=draw.choice([(), (), ("FR",), ("FR", "DE")]),
                available=draw.random() < 0.9,
                group_id=draw.choice([None, *GROUPS]),
                added_at=draw.choice([None, AT - 10 * DAY, AT - 30 * DAY, AT - 100 * DAY, AT + DAY]),
                stock=draw.choice([None, 3, 3, 0]),
            )
        )
    return made


VARIANTS = tuple(_variants())


TAKEDOWNS = [(), (), (), (), (Target(item_id=ITEMS[3]),), (Target(selector=Selector(tags=("blue",))),)]


def _catalog(variants: list[Item], takedowns: tuple[Target, ...]) -> PlainCatalog:
    items = [
        replace(variant, item_id=item_id, title=f"Title of {item_id}")
        for item_id, variant in zip(ITEMS, variants, strict=True)
    ]
    return PlainCatalog.of(*items, takedowns=takedowns)


catalogs = st.builds(
    _catalog,
    st.lists(among(VARIANTS), min_size=len(ITEMS), max_size=len(ITEMS)),
    st.sampled_from(TAKEDOWNS),
)
"""All of ITEMS in all sorts of states, with a takedown now and then."""


def _scored(items: Iterable[ItemId], max_size: int = 8) -> st.SearchStrategy[dict[ItemId, float]]:
    return st.dictionaries(st.sampled_from(sorted(items)), scores, max_size=max_size)


def _known(own: dict[ItemId, float], again: dict[ItemId, float], **parts: Any) -> PlainCandidates:
    return PlainCandidates(own=own, again={i: s for i, s in again.items() if i not in own}, **parts)


candidates_views = st.builds(
    _known,
    own=_scored((*ITEMS, STRANGER)),
    again=_scored(ITEMS, 3),
    owned=st.frozensets(st.sampled_from(ITEMS), max_size=3),
    disliked=st.frozensets(st.sampled_from(ITEMS), max_size=1),
    neighbours=_scored(ITEMS, 5),
    alike=st.frozensets(st.sampled_from(ITEMS), max_size=3),
    reasons=st.sampled_from([{}, dict.fromkeys(ITEMS[:6], ((ITEMS[5], 0.5),))]),
    vector=st.none() | _scored(ITEMS),
    popular_in=st.fixed_dictionaries({None: _scored(ITEMS, 6), "FR": _scored(ITEMS, 6)}),
)
"""What is known of a shopper, from nothing to much."""


slots = st.sampled_from([1, 2, 3, 4, 5, 6, 2, 3, 8, 12, 30, 500])


def _circumstances() -> list[dict[str, Any]]:
    """When and for whom rules act: a seeded sample of the many ways, the plain one first."""
    draw = random.Random(11)
    plain = {"window": ALWAYS, "published": 1, "paused": False, "priority": 0, "holdout": 0.0}
    odd = [
        {
            "window": draw.choice([ALWAYS] * 5 + list(WINDOWS)),
            "published": draw.choice([1, 2, NEXT_RELEASE]),
            "paused": draw.random() < 0.1,
            "priority": draw.choice([0, 0, 1, -1]),
            "holdout": draw.choice([0.0, 0.0, 0.5]),
        }
        for _ in range(80)
    ]
    return [plain] * 40 + odd


CIRCUMSTANCES = tuple(_circumstances())


def _ruled(
    kind: type[R], apart: frozenset[str] = frozenset(), **parts: st.SearchStrategy[Any]
) -> st.SearchStrategy[R]:
    """Rules of one kind in all sorts of circumstances, `apart` from those that the kind does not know."""

    def make(circumstances: dict[str, Any], scope: Scope, *values: Any) -> R:
        known = {name: value for name, value in circumstances.items() if name not in apart}
        return kind(id=RuleId("?"), scope=scope, **known, **dict(zip(parts, values, strict=True)))

    return st.builds(make, among(CIRCUMSTANCES), scopes, *parts.values())


item_pins = _ruled(Pin, slot=slots, item_id=any_item)
theme_pins = _ruled(Pin, slot=slots, theme=st.sampled_from(THEMES))
pins = st.one_of(item_pins, theme_pins)
vetoes = _ruled(Veto, frozenset(["priority", "holdout"]), target=targets, reason=st.just("Recalled"))
boosts = _ruled(Boost, frozenset(["priority"]), target=targets, factor=st.sampled_from([2.0, 4.0, 0.5, 0.25]))


def themes(slug: str) -> st.SearchStrategy[Theme]:
    """A theme at `slug`: by hand, by rule or mixed, in any of the three orders."""
    return st.builds(
        Theme, id=st.just(theme_id(slug)), slug=st.just(slug), title=st.just(slug.title()),
        titles=st.sampled_from([{}, {"FR": f"{slug} en France"}]), picks=st.builds(tuple, st.lists(st.sampled_from(ITEMS), unique=True, min_size=1, max_size=5)),
        selector=st.none() | selectors, excluded=st.sampled_from([(), (ITEMS[0],), (ITEMS[1], ITEMS[2])]),
        order=st.sampled_from(ThemeOrder), head=st.sampled_from([None, 0, 1, 2]),
        window=st.sampled_from([ALWAYS] * 4 + list(WINDOWS)),
    )  # fmt: skip


def surface(
    slug: str, group_limit: int = 1, repeats: bool = False, *, fallback: bool = True
) -> SurfaceSettings:
    """A surface with the rows `main` and `more`."""
    rows = tuple(
        RowSettings(name, group_limit=group_limit, repeats=repeats, fallback=fallback)
        for name in ("main", "more")
    )
    return SurfaceSettings(id=surface_id(slug), slug=slug, title=slug.title(), rows=rows)


SURFACES = (
    *(
        (surface("home", limit, repeats), surface("product", limit, repeats))
        for limit, repeats in product([1, 0, 2], [False, True])
    ),
    (surface("home", fallback=False), surface("product", fallback=False)),
)


def numbered(rules: Sequence[AnyRule]) -> list[AnyRule]:
    """The rules with ids of their own, in their order."""
    return [replace(rule, id=RuleId(f"r{number:02d}")) for number, rule in enumerate(rules)]


def _rule_set(
    drawn: list[AnyRule], spring: Theme, gifts: Theme, surfaces: tuple[SurfaceSettings, ...]
) -> RuleSet:
    return RuleSet([*numbered(drawn), spring, gifts, *surfaces])


def rule_sets_of(*rules: st.SearchStrategy[Any], max_size: int = 12) -> st.SearchStrategy[RuleSet]:
    """Such rules beside the themes and surfaces that they may name."""
    drawn = st.lists(st.one_of(*rules), max_size=max_size)
    return st.builds(_rule_set, drawn, themes("spring"), themes("gifts"), st.sampled_from(SURFACES))


rule_sets = rule_sets_of(item_pins, theme_pins, pins, vetoes, boosts)
"""Rules of every kind."""

PLACES = [("home", "main")] * 4 + [("home", "more"), ("product", "main"), (None, "main")]
FILTERS: list[dict[str, Any]] = [{}] * 9
FILTERS += [{"tags": frozenset(["red", "gift"])}, {"price_min": 10.0}, {"price_max": 10.0}]


def _request(place: tuple[str | None, str], filters: dict[str, Any], **parts: Any) -> Request:
    return Request(at=AT, surface=place[0], row=place[1], **filters, **parts)


requests = st.builds(
    _request,
    st.sampled_from(PLACES),
    st.sampled_from(FILTERS),
    user=st.sampled_from([None, *USERS]),
    session=st.sampled_from([None, "s1", "s2"]),
    market=st.sampled_from([None, *MARKETS]),
    segments=st.sampled_from([frozenset(), frozenset(SEGMENTS[:1]), frozenset(SEGMENTS[:2])]),
    context=st.sampled_from([(), (), (ITEMS[0],), (ITEMS[1], ITEMS[2]), (STRANGER,)]),
    exclude=st.sampled_from([frozenset(), frozenset(), frozenset(ITEMS[6:8])]),
    items=st.sampled_from([(), (), (), (ITEMS[4],), (ITEMS[4], STRANGER)]),
    personalised=st.sampled_from([True, True, True, False]),
    rules=st.sampled_from([True, True, True, True, False]),
    limit=st.sampled_from([20, 3, 1, 8, 100]),
)
"""Questions of every sort, from the first slot on; most of them without filters."""


@dataclass(frozen=True)
class Scene:
    """All that merge reads, once."""

    catalog: PlainCatalog
    candidates: PlainCandidates
    rules: RuleSet
    request: Request

    def asking(self, **changes: object) -> Scene:
        """The same with another question."""
        return replace(self, request=replace(self.request, **changes))

    def view(self) -> PlainRules:
        """The rules as merge reads them."""
        return PlainRules(self.rules, self.catalog, KEY)

    def slate(self, **changes: object) -> Slate:
        """The answer, with parts of the question changed."""
        return merge(self.candidates, self.view(), replace(self.request, **changes), self.catalog)

    def ids(self, **changes: object) -> list[ItemId]:
        """The ids on that slate, in order."""
        return [placed.item_id for placed in self.slate(**changes).items]


scenes = st.builds(Scene, catalogs, candidates_views, rule_sets, requests)
"""Everything at once."""

pinned_scenes = st.builds(
    Scene,
    catalogs,
    candidates_views,
    rule_sets_of(item_pins, theme_pins),
    requests.map(lambda asked: replace(asked, rules=True)),
)
"""Many pins, which the request does not switch off."""


MATCHING = [
    Scope(*parts)
    for parts in product(
        [None, "home"], [None], [None, ITEMS[0]], [None], [None, "FR"], [None, SEGMENTS[0]], [None, USERS[0]]
    )
]
"""Scopes that all match the question of a crowded scene."""

crowded_pins = st.builds(
    Pin,
    id=st.just(RuleId("?")),
    slot=st.integers(1, 4),
    item_id=st.sampled_from(ITEMS[:6]),
    scope=st.sampled_from(MATCHING),
    priority=st.sampled_from([0, 0, 1]),
    published=st.sampled_from([1, 2, NEXT_RELEASE]),
)
crowded_theme_pins = st.builds(
    Pin,
    id=st.just(RuleId("?")),
    slot=st.integers(1, 4),
    theme=st.sampled_from(THEMES),
    scope=st.sampled_from(MATCHING),
)

crowded_scenes = st.builds(
    Scene,
    catalogs,
    candidates_views,
    rule_sets_of(crowded_pins, crowded_theme_pins),
    st.builds(
        Request,
        at=st.just(AT),
        surface=st.just("home"),
        user=st.just(USERS[0]),
        market=st.just("FR"),
        segments=st.just(frozenset(SEGMENTS[:1])),
        context=st.just((ITEMS[0],)),
    ),
)
"""Many pins that are all live and want the same four slots and six items."""


def plain_scene(*rules: AnyRule, size: int = 12, **question: object) -> Scene:
    """A scene to work out by hand: `size` items, own candidates i00 (best), i01, … with falling scores.

    The surfaces are home and product; the request asks as ann for `home`.
    """
    ids = [ItemId(f"i{number:02d}") for number in range(size)]
    own = {item_id: 1.0 - number / (2 * size) for number, item_id in enumerate(ids)}
    catalog = PlainCatalog.of(*(Item(item_id=each, title=f"Title of {each}") for each in ids))
    asked = Request(**{"at": AT, "surface": "home", "user": USERS[0], **question})
    return Scene(catalog, PlainCandidates(own=own), RuleSet([*rules, *SURFACES[0]]), asked)


def changed_item(scene: Scene, item_id: ItemId, **changes: object) -> Scene:
    """The scene with one catalog row changed."""
    items = {**scene.catalog.items, item_id: replace(scene.catalog.items[item_id], **changes)}
    return replace(scene, catalog=replace(scene.catalog, items=items))


ODD_TITLES = ("plain", 'a "quoted" one', "back\\slash", "zoë’s\u2028line", "tab\tand\nline", "\U0001f381", "")


def oddly_titled(scene: Scene) -> Scene:
    """The scene with titles that are hard to write as JSON."""
    items = {
        item_id: replace(item, title=ODD_TITLES[place % len(ODD_TITLES)])
        for place, (item_id, item) in enumerate(scene.catalog.items.items())
    }
    return replace(scene, catalog=replace(scene.catalog, items=items))
