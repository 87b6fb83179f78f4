"""The form of one rule: what it shows reads back as it was, and what is typed is checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from curation_ui.moments import to_field
from curation_ui.surfaces.forms import edited
from recsys.domain.errors import Invalid
from recsys.domain.rules import Boost, Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window

ZONE = "Europe/London"
LATER_HOUR = datetime(2026, 10, 25, 1, 30, 45, tzinfo=UTC)
"""01:30 in London for the second time that night, with seconds."""

PIN = Pin(
    id="pin-a", slot=3, item_id="mug", scope=Scope(surface="home", row="main", market="FR"), priority=2,
    holdout=0.1, notes="For the fair", window=Window(LATER_HOUR, None, ZONE),
)  # fmt: skip


def shown(rule) -> dict[str, str]:
    zone = rule.window.zone
    fields = {
        "scope_surface": rule.scope.surface or "",
        "scope_market": rule.scope.market or "",
        "scope_segment": rule.scope.segment or "",
        "scope_user": rule.scope.user or "",
        "scope_context_item": rule.scope.context_item or "",
        "window_start": to_field(rule.window.start, zone),
        "window_end": to_field(rule.window.end, zone),
        "window_zone": zone,
        "notes": rule.notes,
    }
    if isinstance(rule, Pin):
        fields |= {
            "slot": str(rule.slot),
            "priority": str(rule.priority),
            "holdout": f"{rule.holdout * 100:g}",
        }
    return fields


def test_a_form_sent_back_untouched_changes_nothing():
    assert edited(PIN, shown(PIN)) == PIN


def test_a_window_that_was_left_alone_keeps_its_seconds_and_its_later_hour():
    moved = edited(PIN, shown(PIN) | {"slot": "5"})
    assert (moved.slot, moved.window.start) == (5, LATER_HOUR)


def test_a_window_is_read_in_the_zone_of_the_form():
    pin = edited(
        replace(PIN, window=Window()),
        shown(PIN) | {"window_start": "2026-12-01T00:00", "window_zone": "Europe/Paris"},
    )
    assert pin.window == Window(datetime(2026, 11, 30, 23, tzinfo=UTC), None, "Europe/Paris")


def test_a_context_selector_that_the_form_does_not_show_is_kept():
    pin = replace(PIN, scope=Scope(surface="product", context_selector=Selector(tags=("tea",))))
    assert edited(pin, shown(pin)).scope == pin.scope


def test_another_surface_has_other_rows():
    assert edited(PIN, shown(PIN) | {"scope_surface": "product"}).scope.row is None


def test_ticking_paused_pauses():
    assert edited(PIN, shown(PIN) | {"paused": "on"}).paused


def test_a_veto_keeps_its_target_and_takes_the_reason():
    veto = Veto(id="veto-a", target=Target("mug"), reason="Poor quality")
    assert edited(veto, shown(veto) | {"reason": " Recalled "}) == replace(veto, reason="Recalled")


def test_a_factor_may_have_a_decimal_comma():
    boost = Boost(id="boost-a", target=Target("mug"), factor=1.5)
    assert edited(boost, shown(boost) | {"factor": "2,5"}).factor == 2.5


@pytest.mark.parametrize(
    "typed",
    [{"slot": "0"}, {"priority": "high"}, {"holdout": "60"}, {"window_end": "2020-01-01T00:00"}, {"window_zone": "Mars"},
     {"window_start": "2026-03-29T01:30"}],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused(typed):
    with pytest.raises(Invalid):
        edited(PIN, shown(PIN) | typed)
