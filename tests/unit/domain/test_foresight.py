"""What the foresight says breaks, does when the clock is moved there; and nothing else breaks.

The oracle knows nothing of the foresight: it moves the clock, takes what is sold out by then off the shelf, and asks the
merge itself, or counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.plain import PlainCandidates, PlainCatalog
from support.strategies import AT, DAY, ITEMS, KEY, SCOPES, TAGS, Scene, among, plain_scene

from recsys.domain.catalog import Item
from recsys.domain.conflicts import wider
from recsys.domain.errors import NotFound
from recsys.domain.foresight import Break, BreakKind, breaks
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.live import PlainRules, theme_is_live
from recsys.domain.merge import merge
from recsys.domain.outlook import Outlook
from recsys.domain.pages import merge_page
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import Boost, Pin, RuleSet, SurfaceSettings, Theme, Veto, surface_id, theme_id
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import ALWAYS, Window, zone_of

UNTIL = AT + 7 * DAY
ZONE = "Europe/Paris"
FEWEST = 2
TICK = timedelta(microseconds=1)
HOURS = st.integers(-48, 10 * 24)
Pace = Mapping[ItemId, datetime]


def outlook(catalog: PlainCatalog, pace: Pace) -> Outlook:
    return Outlook(
        catalog=catalog,
        held=lambda selector: [
            i for i, item in catalog.items.items() if selector.matches_apart_from_age(item)
        ],
        runs_out=lambda item: pace.get(item.item_id),
        aged=[
            each.selector for each in catalog.takedowns if each.selector is not None and each.selector.has_age
        ],
    )


def foreseen(rules: RuleSet, catalog: PlainCatalog, pace: Pace) -> list[Break]:
    return breaks(rules, outlook(catalog, pace), AT, UNTIL, zone=ZONE, fewest=FEWEST)


# What may be drawn: windows that begin and end on full hours around the week, items that age and sell out in it.

moments = HOURS.map(lambda hour: AT + timedelta(hours=hour))
windows = st.one_of(
    st.just(ALWAYS),
    moments.map(lambda end: Window(end=end)),
    moments.map(lambda start: Window(start=start)),
    st.tuples(moments, st.integers(1, 200)).map(lambda at: Window(at[0], at[0] + timedelta(hours=at[1]))),
)
selectors = st.sampled_from([
    *(Selector(tags=(tag,)) for tag in TAGS),
    Selector(max_age_days=30), Selector(min_age_days=30), Selector(tags=("red",), max_age_days=30),
])  # fmt: skip
targets = st.one_of(st.sampled_from(ITEMS).map(Target), selectors.map(lambda each: Target(selector=each)))
plain_scopes = [scope for scope in SCOPES if sum(scope.specificity()) <= 3]
scopes = st.one_of(st.sampled_from([EVERYWHERE, Scope(surface="home")]), among(plain_scopes))
days = st.none() | st.integers(-2, 9).map(lambda day: (AT + day * DAY).date())
common = {"scope": scopes, "window": windows, "paused": st.sampled_from([False] * 6 + [True]), "review": days}
slots = st.integers(1, 3)
drawn = st.lists(
    st.one_of(
        st.builds(Pin, id=st.just("?"), slot=slots, item_id=st.sampled_from(ITEMS), **common),
        st.builds(Pin, id=st.just("?"), slot=slots, item_id=st.sampled_from(ITEMS), priority=st.integers(0, 1), **common),
        st.builds(Pin, id=st.just("?"), slot=slots, theme=st.sampled_from([theme_id("spring"), theme_id("gifts")]), **common),
        st.builds(Veto, id=st.just("?"), target=targets, reason=st.just("Recalled"), **common),
        st.builds(Boost, id=st.just("?"), target=targets, factor=st.just(2.0), **common),
    ),
    max_size=8,
)  # fmt: skip


def themes(slug: str) -> st.SearchStrategy[Theme]:
    return st.builds(
        Theme, id=st.just(theme_id(slug)), slug=st.just(slug), title=st.just(slug),
        picks=st.lists(st.sampled_from(ITEMS), unique=True, max_size=4).map(tuple), selector=st.none() | selectors,
        window=windows, review=days,
    )  # fmt: skip


def _rules(rules, spring, gifts, size) -> RuleSet:
    rows = (RowSettings(), RowSettings("more", kind=RowKind.THEME, theme=spring.id, min_size=size))
    home = SurfaceSettings(id=surface_id("home"), slug="home", title="Home", rows=rows)
    product = SurfaceSettings(
        id=surface_id("product"), slug="product", title="Product", rows=(RowSettings(), RowSettings("more"))
    )
    numbered = [replace(rule, id=RuleId(f"r{number}")) for number, rule in enumerate(rules)]
    return RuleSet([*numbered, spring, gifts, home, product])


rule_sets = st.builds(_rules, drawn, themes("spring"), themes("gifts"), st.integers(1, 3))
items = st.builds(
    Item,
    item_id=st.just(ITEMS[0]), title=st.just("An item"),
    tags=st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple),
    markets=st.sampled_from([(), (), (), ("FR",)]), available=st.sampled_from([True] * 5 + [False]),
    added_at=st.none() | HOURS.map(lambda hour: AT - 30 * DAY + timedelta(hours=hour)),
)  # fmt: skip
catalogs = st.tuples(
    st.lists(items, min_size=len(ITEMS), max_size=len(ITEMS)),
    st.sampled_from(
        [(), (), (Target(ITEMS[3]),), (Target(selector=Selector(tags=("blue",), min_age_days=30)),)]
    ),
).map(
    lambda made: PlainCatalog.of(
        *(replace(item, item_id=item_id) for item_id, item in zip(ITEMS, made[0], strict=True)),
        takedowns=made[1],
    )
)
paces = st.dictionaries(
    st.sampled_from(ITEMS), st.integers(1, 10 * 24).map(lambda hour: AT + timedelta(hours=hour)), max_size=6
)


# The oracle.


def catalog_at(catalog: PlainCatalog, pace: Pace, at: datetime) -> PlainCatalog:
    gone = {item_id for item_id, end in pace.items() if end <= at}
    sold = {i: replace(item, stock=0) if i in gone else item for i, item in catalog.items.items()}
    return replace(catalog, items=sold)


def ask(scope: Scope, catalog: PlainCatalog, at: datetime) -> Request:
    """What an anonymous shopper of the audience asks; its context was chosen at the beginning of the week."""
    context = ()
    if scope.context_item is not None:
        context = (scope.context_item,)
    elif scope.context_selector is not None:
        context = tuple(catalog.members(scope.context_selector, AT)[:1])
    return Request(
        at=at, surface=scope.surface, row=scope.row or "main", user=scope.user, market=scope.market,
        segments=frozenset([scope.segment] if scope.segment else ()), context=context, limit=500,
    )  # fmt: skip


def served(rules: RuleSet, scope: Scope, catalog: PlainCatalog, pace: Pace, at: datetime) -> set[str]:
    """The pins that have a place on the slate that the merge gives."""
    then = catalog_at(catalog, pace, at)
    # A row of a theme has no other items; what pins hold is the same in a row without one.
    view = PlainRules(RuleSet(_plain_rows(rules)), then, KEY)
    try:
        slate = merge(PlainCandidates(), view, ask(scope, catalog, at), then)
    except NotFound:
        return set()
    return {each.rule_id for each in slate.items if each.rule_id is not None}


def held_slots(rules: RuleSet, scope: Scope, catalog: PlainCatalog, pace: Pace, at: datetime) -> set[int]:
    """The slots that these pins hold."""
    return {rules.get(rule_id).slot for rule_id in served(rules, scope, catalog, pace, at)}


def _plain_rows(rules: RuleSet):
    for rule in rules:
        if isinstance(rule, SurfaceSettings):
            yield replace(rule, rows=tuple(RowSettings(row.name) for row in rule.rows))
        else:
            yield rule


def row_stands(rules: RuleSet, catalog: PlainCatalog, pace: Pace, at: datetime) -> bool:
    then = catalog_at(catalog, pace, at)
    view = PlainRules(rules, then, KEY)
    row = rules.surface("home").row("more")
    page = merge_page(
        (row,),
        lambda _row, asked: merge(PlainCandidates(), view, asked, then),
        ask(Scope("home", "more"), catalog, at),
    )
    return bool(page)


def members_left(rules: RuleSet, theme: Theme, catalog: PlainCatalog, pace: Pace, at: datetime) -> int | None:
    if theme.paused or not theme_is_live(theme, at):
        return None
    then = catalog_at(catalog, pace, at)
    sellable = then.sellable(None, at)
    vetoes = [
        veto
        for veto in rules.of(Veto)
        if not veto.paused and veto.scope == EVERYWHERE and veto.window.holds(at)
    ]
    return sum(
        item_id not in theme.excluded
        and (item_id in theme.picks or (theme.selector is not None and theme.selector.matches(item, at)))
        and sellable(item_id)
        and not any(veto.target.matches(item, at) for veto in vetoes)
        for item_id, item in then.items.items()
    )


def every_moment(rules: RuleSet, catalog: PlainCatalog, pace: Pace) -> list[datetime]:
    """Every hour of the week, and every moment that anything names, whether or not it matters."""
    named = {AT + timedelta(hours=hour) for hour in range(7 * 24 + 1)} | set(pace.values())
    for rule in rules:
        window = getattr(rule, "window", ALWAYS)
        named |= {each for each in (window.start, window.end) if each is not None}
    named |= {item.added_at + 30 * DAY for item in catalog.items.values() if item.added_at is not None}
    return sorted(each for each in named if AT <= each <= UNTIL)


week = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@week
@given(rule_sets, catalogs, paces)
def test_a_slot_is_said_to_empty_exactly_when_the_merge_loses_it(rules, catalog, pace) -> None:
    found = {}
    for each in foreseen(rules, catalog, pace):
        if each.kind is BreakKind.GAP:
            found.setdefault((each.at, each.slot), []).append(each)
    scopes = {pin.scope for pin in rules.of(Pin) if not pin.paused}
    lost: dict[tuple[datetime, int], list[Scope]] = {}
    # All that anything names lies on a full hour, so half an hour past each is as good as any moment in between.
    for at in every_moment(rules, catalog, pace)[1:]:
        for scope in scopes:
            before, after = (held_slots(rules, scope, catalog, pace, when) for when in (at - TICK, at))
            for slot in before - after:
                lost.setdefault((at, slot), []).append(scope)
    assert set(found) == set(lost)
    for key, audiences in lost.items():
        widest = [one for one in audiences if not any(wider(each, one) for each in audiences if each != one)]
        assert len(found[key]) == len(widest)


@week
@given(rule_sets, catalogs, paces)
def test_a_row_is_said_to_empty_exactly_when_the_page_leaves_it_out(rules, catalog, pace) -> None:
    found = [
        (each.at, each.row) for each in foreseen(rules, catalog, pace) if each.kind is BreakKind.EMPTY_ROW
    ]
    stands = [(at, row_stands(rules, catalog, pace, at)) for at in every_moment(rules, catalog, pace)]
    assert found == [(at, "more") for (_, before), (at, after) in pairwise(stands) if before and not after]


@week
@given(rule_sets, catalogs, paces)
def test_a_theme_is_said_to_run_thin_exactly_when_too_few_members_are_left(rules, catalog, pace) -> None:
    found = [
        (each.at, each.rule.id) for each in foreseen(rules, catalog, pace) if each.kind is BreakKind.THIN
    ]
    wanted = []
    for theme in rules.of(Theme):
        placed = sum(pin.theme == theme.id for pin in rules.of(Pin) if not pin.paused)
        needed = max(FEWEST, placed)
        left = [
            (at, members_left(rules, theme, catalog, pace, at)) for at in every_moment(rules, catalog, pace)
        ]
        for (_, before), (at, after) in pairwise(left):
            if after is not None and after < needed and (before is None or before >= needed):
                wanted.append((at, theme.id))
    assert sorted(found) == sorted(wanted)


@week
@given(rule_sets, catalogs, paces)
def test_what_ends_is_due_for_review_sells_out_or_begins_with_nothing_is_told_at_its_moment(
    rules, catalog, pace
) -> None:
    found = foreseen(rules, catalog, pace)
    gaps = {(each.at, each.rule.id) for each in found if each.kind is BreakKind.GAP}
    acting = [rule for rule in rules if not isinstance(rule, SurfaceSettings) and not rule.paused]
    ends = {(rule.window.end, rule.id) for rule in acting if rule.window.end is not None}
    assert told(found, BreakKind.ENDS) == {each for each in ends if AT < each[0] <= UNTIL} - gaps
    midnights = {
        (datetime(rule.review.year, rule.review.month, rule.review.day, tzinfo=zone_of(ZONE)), rule.id)
        for rule in rules
        if rule.review is not None
    }
    assert told(found, BreakKind.REVIEW) == {each for each in midnights if AT < each[0] <= UNTIL}
    for pin in rules.of(Pin):
        if pin.paused or pin.item_id is None:
            continue
        start, gone = pin.window.start, pace.get(pin.item_id)
        if start is not None and AT < start <= UNTIL:
            assert ((start, pin.id) in told(found, BreakKind.NOT_THERE)) == (
                not shown(rules, pin, catalog, pace, start)
            )
        if gone is not None and AT < gone <= UNTIL and (gone, pin.id) not in gaps and pin.window.holds(gone):
            serves = pin.id in served(rules, pin.scope, catalog, pace, gone - TICK)
            assert ((gone, pin.id) in told(found, BreakKind.RUNS_OUT)) == serves
    for each in found:
        assert AT < each.at <= UNTIL
    assert found == sorted(found, key=lambda each: each.at)


def told(found: list[Break], kind: BreakKind) -> set[tuple[datetime, str]]:
    return {(each.at, each.rule.id) for each in found if each.kind is kind}


def shown(rules: RuleSet, pin: Pin, catalog: PlainCatalog, pace: Pace, at: datetime) -> bool:
    """Whether the pin's item is on the slate when no other pin is in its way."""
    alone = RuleSet([pin, *rules.of(Veto), *rules.of(SurfaceSettings), *rules.of(Theme)])
    return held_slots(alone, pin.scope, catalog, pace, at) == {pin.slot}


# By hand.

PIN = Pin(id=RuleId("p"), slot=2, item_id=ITEMS[4], scope=Scope(surface="home"))
TOMORROW, THURSDAY = AT + DAY, AT + 2 * DAY


def said(scene: Scene, pace: Pace = {}) -> list[tuple]:  # noqa: B006 - read alone
    found = foreseen(scene.rules, scene.catalog, pace)
    return [(each.kind.value, each.rule.id, each.at) for each in found]


def test_a_pin_beside_items_of_which_there_are_none_begins_in_vain() -> None:
    beside = Scope(surface="home", context_selector=Selector(tags=("no such tag",)))
    pin = replace(PIN, scope=beside, window=Window(start=TOMORROW))
    assert said(plain_scene(pin)) == [("not_there", "p", TOMORROW)]


def test_a_window_that_ends_leaves_a_gap() -> None:
    assert said(plain_scene(replace(PIN, window=Window(end=TOMORROW)))) == [("gap", "p", TOMORROW)]


def test_a_window_that_ends_while_another_pin_takes_over_only_ends() -> None:
    other = replace(PIN, id=RuleId("q"), item_id=ITEMS[5], window=Window(start=AT + timedelta(hours=20)))
    scene = plain_scene(replace(PIN, window=Window(end=TOMORROW)), other)
    assert said(scene) == [("ends", "p", TOMORROW)]


def test_a_window_that_ends_an_hour_before_the_next_begins_leaves_a_gap() -> None:
    other = replace(PIN, id=RuleId("q"), item_id=ITEMS[5], window=Window(start=TOMORROW + timedelta(hours=1)))
    assert said(plain_scene(replace(PIN, window=Window(end=TOMORROW)), other)) == [("gap", "p", TOMORROW)]


def test_an_item_that_sells_out_leaves_a_gap_and_says_which() -> None:
    (found,) = foreseen(plain_scene(PIN).rules, plain_scene(PIN).catalog, {ITEMS[4]: THURSDAY})
    assert (found.kind, found.item_id, found.by) == (BreakKind.GAP, ITEMS[4], None)


def test_an_item_that_sells_out_while_another_pin_waits_for_its_slot_runs_out() -> None:
    other = replace(PIN, id=RuleId("q"), item_id=ITEMS[5], priority=-1)
    assert said(plain_scene(PIN, other), {ITEMS[4]: THURSDAY}) == [("runs_out", "p", THURSDAY)]


def test_a_veto_that_begins_is_named_at_the_gap_that_it_makes() -> None:
    veto = Veto(id=RuleId("v"), target=Target(ITEMS[4]), reason="Recalled", window=Window(start=TOMORROW))
    scene = plain_scene(PIN, veto)
    (found,) = foreseen(scene.rules, scene.catalog, {})
    assert (found.kind, found.rule.id, found.by) == (BreakKind.GAP, "p", veto)


def test_a_theme_that_is_over_is_named_at_the_gap_that_it_makes() -> None:
    theme = Theme(
        id=theme_id("spring"), slug="spring", title="Spring", picks=ITEMS[:3], window=Window(end=TOMORROW)
    )
    pin = replace(PIN, item_id=None, theme=theme.id)
    scene = plain_scene(pin, theme)
    found = foreseen(scene.rules, scene.catalog, {})
    assert [(each.kind, each.rule.id) for each in found] == [(BreakKind.GAP, "p"), (BreakKind.ENDS, theme.id)]
    assert found[0].by == theme


def test_a_rule_that_is_paused_breaks_nothing() -> None:
    assert said(plain_scene(replace(PIN, paused=True, window=Window(end=TOMORROW)))) == []


def test_what_is_broken_already_is_not_foreseen() -> None:
    gone = replace(PIN, item_id=ItemId("not-there"))
    over = replace(PIN, id=RuleId("q"), window=Window(end=AT))
    assert said(plain_scene(gone, over)) == []


def test_nothing_beyond_the_week_is_foreseen_and_its_last_moment_is() -> None:
    assert said(plain_scene(replace(PIN, window=Window(end=UNTIL + TICK)))) == []
    assert said(plain_scene(replace(PIN, window=Window(end=UNTIL)))) == [("gap", "p", UNTIL)]
