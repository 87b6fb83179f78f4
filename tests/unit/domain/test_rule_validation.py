"""Which rules can exist at all; what a rule set checks; who may do what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from support.strategies import ITEMS, SURFACES, rule_sets

from recsys.domain.errors import Forbidden, Invalid
from recsys.domain.ids import RuleId
from recsys.domain.people import Actor, Permission, Role
from recsys.domain.rules import (
    KINDS,
    NEXT_RELEASE,
    Boost,
    Pin,
    RowSettings,
    RuleSet,
    SurfaceSettings,
    Theme,
    Veto,
    check_references,
    kind_of,
    surface_id,
    theme_id,
)
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target

ITEM = Target(item_id=ITEMS[0])
PIN = {"id": "p", "slot": 1, "item_id": ITEMS[0]}
VETO = {"id": "v", "target": ITEM, "reason": "Recalled"}
BOOST = {"id": "b", "target": ITEM, "factor": 2.0}
THEME = {"id": "theme-spring", "slug": "spring", "title": "Spring"}
SURFACE = {"id": "surface-home", "slug": "home", "title": "Home"}


@pytest.mark.parametrize(
    ("kind", "base", "changes", "field"),
    [
        (Pin, PIN, {"item_id": None}, "pin"),
        (Pin, PIN, {"theme": "theme-spring"}, "pin"),
        (Pin, PIN, {"item_id": ""}, "item_id"),
        (Pin, PIN, {"slot": 0}, "slot"),
        (Pin, PIN, {"slot": 501}, "slot"),
        (Pin, PIN, {"priority": 1001}, "priority"),
        (Pin, PIN, {"holdout": 0.51}, "holdout"),
        (Pin, PIN, {"holdout": float("nan")}, "holdout"),
        (Pin, PIN, {"id": ""}, "id"),
        (Pin, PIN, {"notes": "x" * 2001}, "notes"),
        (Veto, VETO, {"reason": "  "}, "reason"),
        (Boost, BOOST, {"factor": 1.0}, "factor"),
        (Boost, BOOST, {"factor": 0.0}, "factor"),
        (Boost, BOOST, {"factor": -2.0}, "factor"),
        (Boost, BOOST, {"factor": float("inf")}, "factor"),
        (Boost, BOOST, {"factor": float("nan")}, "factor"),
        (Boost, BOOST, {"holdout": -0.1}, "holdout"),
        (Theme, THEME, {"slug": "Spring Sale"}, "slug"),
        (Theme, THEME, {"id": "theme-autumn"}, "id"),
        (SurfaceSettings, SURFACE, {"id": "surface-attic"}, "id"),
        (Theme, THEME, {"title": ""}, "title"),
        (Theme, THEME, {"titles": {"FR": " "}}, "titles.FR"),
        (Theme, THEME, {"picks": (ITEMS[0], ITEMS[0])}, "picks"),
        (Theme, THEME, {"head": -1}, "head"),
        (SurfaceSettings, SURFACE, {"rows": (RowSettings("more"),)}, "rows"),
        (SurfaceSettings, SURFACE, {"rows": (RowSettings(), RowSettings())}, "rows"),
        (RowSettings, {}, {"size": 0}, "size"),
        (RowSettings, {}, {"min_size": 501}, "min_size"),
        (RowSettings, {}, {"group_limit": -1}, "group_limit"),
        (RowSettings, {}, {"name": "Big row"}, "row"),
        (Scope, {}, {"row": "main"}, "scope.row"),
        (Scope, {}, {"market": ""}, "scope.market"),
        (Scope, {}, {"context_item": ITEMS[0], "context_selector": Selector(tags=("red",))}, "scope.context"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_the_name_of_its_field(kind, base, changes, field: str) -> None:
    assert kind(**base)
    with pytest.raises(Invalid) as refused:
        kind(**{**base, **changes})
    assert refused.value.field == field
    assert str(refused.value).startswith(field)


@given(rule_sets)
def test_every_rule_has_a_kind_and_every_kind_a_name(rules: RuleSet) -> None:
    assert all(KINDS[kind_of(rule)] is type(rule) for rule in rules)


@given(rule_sets)
def test_a_rule_set_is_equal_to_itself_in_any_order_and_knows_its_rules(rules: RuleSet) -> None:
    turned = RuleSet(reversed(list(rules)))
    assert turned == rules
    assert hash(turned) == hash(rules)
    assert all(rules.get(rule.id) is rule and rule.id in rules for rule in rules)
    assert sum(len(rules.of(kind)) for kind in KINDS.values()) == len(rules)


@given(rule_sets)
def test_putting_a_rule_in_and_taking_it_out_leaves_the_rest_and_the_set_itself_alone(rules: RuleSet) -> None:
    pin = Pin(id=RuleId("new"), slot=1, item_id=ITEMS[0])
    assert rules.with_rule(pin).without("new") == rules
    assert "new" not in rules
    assert rules.with_rule(pin).get("new") is pin


@given(rule_sets)
def test_publication_marks_what_was_only_drafted_and_nothing_else(rules: RuleSet) -> None:
    marked = rules.published_as(9)
    for rule in rules:
        assert marked.get(rule.id).published == (9 if rule.published == NEXT_RELEASE else rule.published)
    assert marked == rules, "publication is where the content stands in history, not content"


HOME = SURFACES[0][0]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Pin(id=RuleId("p"), slot=1, theme=theme_id("gone")), "theme"),
        (Pin(id=RuleId("p"), slot=1, theme=HOME.id), "theme"),
        (Pin(**{**PIN, "scope": Scope(surface="gone")}), "scope.surface"),
        (Veto(**{**VETO, "scope": Scope(surface="gone")}), "scope.surface"),
        (Boost(**{**BOOST, "scope": Scope(surface="home", row="gone")}), "scope.row"),
    ],
)
def test_a_rule_that_names_what_is_not_there_is_refused(rule, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_references(RuleSet([HOME, rule]))
    assert refused.value.field == field


@given(rule_sets)
def test_rules_that_name_only_what_is_there_pass(rules: RuleSet) -> None:
    check_references(rules)
    assert rules.surface("home") is rules.get(surface_id("home"))
    assert rules.theme("spring") is rules.get(theme_id("spring"))
    assert rules.theme("gone") is None


def test_a_theme_and_a_surface_with_one_slug_do_not_meet() -> None:
    both = RuleSet([Theme(id=theme_id("home"), slug="home", title="Home"), HOME])
    assert both.theme("home") is not both.surface("home")


def test_a_row_is_found_by_its_name() -> None:
    assert HOME.row("more") is HOME.rows[1]
    assert HOME.row("gone") is None
    assert replace(HOME, title="Start").row("main") is HOME.rows[0]


MAY = {
    Role.VIEWER: {Permission.VIEW},
    Role.EDITOR: {Permission.VIEW, Permission.EDIT},
    Role.PUBLISHER: {Permission.VIEW, Permission.EDIT, Permission.PUBLISH},
    Role.ADMIN: set(Permission),
}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_is_written_and_no_more(role: Role) -> None:
    actor = Actor("someone", role)
    assert {permission for permission in Permission if actor.may(permission)} == MAY[role]
    for permission in Permission:
        if actor.may(permission):
            actor.require(permission)
        else:
            with pytest.raises(Forbidden, match=f"A {role} may not"):
                actor.require(permission)
