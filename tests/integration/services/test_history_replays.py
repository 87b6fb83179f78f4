"""Whatever people do in whatever order, the audit log adds up to the tables."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.ids import RuleId
from recsys.domain.people import Actor
from recsys.domain.rules import NEXT_RELEASE, AnyRule, Pin
from recsys.domain.selectors import Target
from recsys.services.auditing import entries, verify
from recsys.services.catalog import upsert_items
from recsys.services.drafting import put_rule, read_draft, remove_rule, rule_token, undo
from recsys.services.releasing import accept_run, publish, release_rules, releases, roll_back
from recsys.services.seeding import ensure_first_release
from recsys.services.settling import settle
from recsys.services.shop import Shop
from recsys.services.takedowns import lift, take_down, takedowns
from tests.integration.rule_examples import pin, theme, veto
from tests.integration.shops import ADA, ANN, BOB, PAT, add_run, empty_tables, item

REFUSED = (Conflict, Forbidden, Invalid, NotFound)
RULES: tuple[AnyRule, ...] = (
    pin(1, rule_id="pin-1"),
    pin(2, rule_id="pin-1"),
    pin(3, "tea", rule_id="pin-2"),
    Pin(id=RuleId("pin-3"), slot=4, theme=RuleId("theme-garden")),
    veto(),
    veto(reason="recalled"),
    theme(title="Garden"),
    theme(title="Lawn"),
)
TARGETS = (Target(item_id="lamp"), Target(item_id="tea"))
Step = Callable[[Shop, Actor], object]

_pick = st.integers(0, 7)
_put_one = st.builds(lambda n: lambda shop, who: _put(shop, who, RULES[n]), _pick)
_publish_all = st.just(lambda shop, _who: _publish(shop, PAT, None))
_settle_one = st.builds(lambda n, keep: lambda shop, _who: _settle(shop, PAT, n, keep), _pick, st.booleans())
_roll_back = st.builds(
    lambda n, what: lambda shop, _who: roll_back(shop, PAT, 1 + n % len(releases(shop)), what=what),
    _pick,
    st.sampled_from(["both", "rules", "run"]),
)
# Hypothesis takes each with the same chance; the ones that lead to conflicts stand here twice.
steps: st.SearchStrategy[Step] = st.one_of(
    _put_one,
    _put_one,
    _put_one,
    _publish_all,
    _roll_back,
    _roll_back,
    _settle_one,
    _settle_one,
    st.builds(lambda some: lambda shop, who: _publish(shop, who, some), st.sets(_pick, max_size=4)),
    st.builds(lambda n: lambda shop, who: _remove(shop, who, RULES[n].id), _pick),
    st.builds(lambda n: lambda shop, who: undo(shop, who, _change(shop, n)), _pick),
    st.builds(lambda n: lambda shop, who: accept_run(shop, who, f"run-{n}"), st.integers(0, 2)),
    st.builds(
        lambda n: lambda shop, who: take_down(shop, who, TARGETS[n], reason="recalled"), st.integers(0, 1)
    ),
    st.builds(lambda n: lambda shop, who: _lift(shop, who, n), _pick),
)
people = st.sampled_from([ANN, BOB, PAT])


@settings(
    max_examples=max(12, settings.default.max_examples // 8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(conflict=st.booleans(), done=st.lists(st.tuples(people, steps), min_size=10, max_size=40))
def test_replaying_the_audit_log_gives_the_state_whatever_people_do(new_shop, database_url, conflict, done):
    empty_tables(database_url)
    _open(new_shop)
    if conflict:
        _move_underneath(new_shop)
    for who, step in done:
        told = len(entries(new_shop, limit=500))
        try:
            step(new_shop, who)
        except REFUSED:
            assert len(entries(new_shop, limit=500)) == told, "a refusal leaves no entry"
    assert verify(new_shop) == []
    _check_line(new_shop)


def _open(shop: Shop) -> None:
    ensure_first_release(shop, PAT)
    upsert_items(shop, ADA, [item("lamp"), item("tea")])
    for rule in (RULES[0], RULES[6], RULES[1]):
        _put(shop, ANN, rule)
        _publish(shop, PAT, None)
    for number in range(3):
        add_run(shop, f"run-{number}")


def _move_underneath(shop: Shop) -> None:
    """Two steps of the draft, by two people, on a rule that a roll back then moves."""
    _put(shop, ANN, pin(5))
    _put(shop, BOB, pin(6))
    roll_back(shop, PAT, 2, what="rules")


def _check_line(shop: Shop) -> None:
    """Releases are numbered without gaps, and every content's publication is a release that carries it."""
    numbers = [each.number for each in releases(shop)]
    assert numbers == list(range(len(numbers), 0, -1))
    for number in numbers:
        for rule in release_rules(shop, number):
            assert rule.published <= number
            assert release_rules(shop, rule.published).get(rule.id) == rule
    draft = read_draft(shop)
    assert all(rule.published == NEXT_RELEASE for rule in draft.rules if draft.live.get(rule.id) != rule)


def _put(shop: Shop, who: Actor, rule: AnyRule) -> object:
    return put_rule(shop, who, rule, expected=rule_token(read_draft(shop), rule.id))


def _remove(shop: Shop, who: Actor, rule_id: str) -> object:
    return remove_rule(shop, who, rule_id, expected=rule_token(read_draft(shop), rule_id))


def _change(shop: Shop, n: int) -> int:
    changes = read_draft(shop).changes
    return changes[n % len(changes)].id if changes else 0


def _settle(shop: Shop, who: Actor, n: int, keep: bool) -> object:
    conflicts = read_draft(shop).conflicts
    change = conflicts[n % len(conflicts)].change.id if conflicts else _change(shop, n)
    return settle(shop, who, change, keep=keep)


def _publish(shop: Shop, who: Actor, some: set[int] | None) -> object:
    changes = read_draft(shop).changes
    return publish(shop, who, [each.id for n, each in enumerate(changes) if some is None or n in some])


def _lift(shop: Shop, who: Actor, n: int) -> object:
    made = takedowns(shop)
    return lift(shop, who, made[n % len(made)].id if made else "takedown-0")
