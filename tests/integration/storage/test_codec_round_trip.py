from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.domain.changes import Change
from recsys.domain.errors import Invalid
from recsys.domain.rows import RowKind, RowOrder, RowSettings
from recsys.domain.rules import NEXT_RELEASE, AnyRule, Pin, kind_of
from recsys.domain.windows import Window
from recsys.storage.codec import (
    decode_change,
    decode_rule,
    decode_selector,
    decode_target,
    encode,
    encode_change,
    encode_rule,
    encode_target,
)
from tests.integration import rule_examples
from tests.integration.rule_examples import any_rule, pin, surface, targets, theme, veto

slow = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def through_json(value):
    return msgspec.json.decode(msgspec.json.encode(value, order="deterministic"))


@pytest.mark.parametrize("kind", ["pins", "vetoes", "boosts", "themes", "surfaces"])
def test_every_kind_of_rule_comes_back_as_it_was(kind):
    @slow
    @given(rule=getattr(rule_examples, kind))
    def holds(rule: AnyRule) -> None:
        assert decode_rule(kind_of(rule), through_json(encode_rule(rule))) == rule

    holds()


@slow
@given(rule=any_rule)
def test_equal_rules_have_equal_content(rule):
    again = decode_rule(kind_of(rule), encode_rule(rule))
    assert encode_rule(again) == encode_rule(rule) == through_json(encode_rule(rule))


@slow
@given(target=targets)
def test_targets_and_selectors_come_back_as_they_were(target):
    assert decode_target(through_json(encode_target(target))) == target
    if target.selector is not None:
        assert decode_selector(through_json(encode(target.selector))) == target.selector


@slow
@given(rule=any_rule, removed=st.booleans())
def test_a_change_comes_back_as_it_was(rule, removed):
    at = datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)
    before, after = (rule, None) if removed else (None, rule)
    change = Change(7, rule.id, before, after, "ann", at, "why")
    assert decode_change(through_json(encode_change(change))) == change


def test_where_content_stands_in_history_is_not_content():
    assert "published" not in encode_rule(pin())
    assert encode_rule(replace(pin(), published=3)) == encode_rule(pin())
    assert decode_rule("pin", encode_rule(replace(pin(), published=3))).published == NEXT_RELEASE
    with pytest.raises(Invalid, match="published"):
        decode_rule("pin", {**encode_rule(pin()), "published": 3})


def test_a_moment_is_stored_in_utc_whatever_zone_it_was_given_in():
    nepal = timezone(timedelta(hours=5, minutes=45))
    start = datetime(2026, 1, 1, 5, 45, tzinfo=nepal)
    content = encode_rule(pin(window=Window(start=start, zone="Asia/Kathmandu")))
    assert content["window"] == {"start": "2026-01-01T00:00:00Z", "end": None, "zone": "Asia/Kathmandu"}


def _paths(content, path=()):
    """Every place in the content where an unknown field could stand."""
    if isinstance(content, dict):
        yield path
        for key, value in content.items():
            yield from _paths(value, (*path, key))
    elif isinstance(content, list):
        for position, value in enumerate(content):
            yield from _paths(value, (*path, position))


@slow
@given(rule=any_rule, data=st.data())
def test_an_unknown_field_is_refused_at_every_depth(rule, data):
    content = copy.deepcopy(encode_rule(rule))
    free_form = ("titles", "blurbs")
    places = [path for path in _paths(content) if not set(path) & set(free_form)]
    place = content
    for part in data.draw(st.sampled_from(places)):
        place = place[part]
    place["colour"] = "red"
    with pytest.raises(Invalid, match="colour: is not a known field"):
        decode_rule(kind_of(rule), content)


@pytest.mark.parametrize(
    ("kind", "content", "field"),
    [
        ("poster", {}, "kind"),
        ("pin", {"id": "p", "slot": "three", "item_id": "x"}, "pin"),
        ("pin", {"id": "p", "slot": 3}, "pin"),
        ("pin", {"id": "p", "slot": 501, "item_id": "x"}, "slot"),
        ("pin", {"slot": 3, "item_id": "x"}, "pin"),
        ("pin", ["not", "an", "object"], "pin"),
        ("veto", {**encode_rule(veto()), "reason": ""}, "reason"),
        ("theme", {**encode_rule(theme()), "order": "random"}, "theme"),
        ("surface", {**encode_rule(surface()), "rows": []}, "rows"),
    ],
)
def test_content_that_breaks_a_rule_is_refused_by_name(kind, content, field):
    with pytest.raises(Invalid) as told:
        decode_rule(kind, content)
    assert told.value.field == field


def test_content_of_a_later_version_is_refused_rather_than_guessed():
    with pytest.raises(Invalid, match="upgrade recsys"):
        decode_rule("pin", encode_rule(pin()), schema_version=2)


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises(Invalid, match="cannot be stored"):
        encode_rule(theme(title="\ud800"))


def test_a_field_left_out_has_its_default():
    assert decode_rule("pin", {"id": "p", "slot": 3, "item_id": "x"}) == Pin(id="p", slot=3, item_id="x")


WRITTEN_BEFORE_ROWS_HAD_KINDS = {
    "id": "surface-home", "author": "ann", "owner": "ann", "notes": "", "paused": False,
    "slug": "home", "title": "Home", "context": False,
    "rows": [
        {"name": "main", "title": "", "titles": {}, "kind": "main", "size": 20, "min_size": 1,
         "group_limit": 1, "repeats": False},
        {"name": "more", "title": "More", "titles": {"FR": "Plus"}, "kind": "main", "size": 8, "min_size": 3,
         "group_limit": 0, "repeats": True},
    ],
}  # fmt: skip


def test_a_surface_that_an_older_version_wrote_reads_and_is_written_as_it_was():
    rule = decode_rule("surface", WRITTEN_BEFORE_ROWS_HAD_KINDS)
    assert [(row.name, row.kind, row.theme) for row in rule.rows] == [
        ("main", "main", None),
        ("more", "main", None),
    ]
    assert rule.order == "fixed"
    # Equal content, so that an older version reads it and history sees no change where there is none.
    assert encode_rule(rule) == WRITTEN_BEFORE_ROWS_HAD_KINDS


def test_what_an_older_version_does_not_know_is_written_only_where_it_says_something():
    written = encode_rule(
        surface(
            rows=(RowSettings(), RowSettings("tea", kind=RowKind.THEME, theme=theme().id)),
            order=RowOrder.FOR_SHOPPER,
        )
    )
    assert [row.get("theme") for row in written["rows"]] == [None, "theme-garden"]
    assert "theme" not in written["rows"][0]
    assert written["order"] == "for_shopper"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"name": "x", "kind": "magic"}, "kind"),
        ({"name": "x", "kind": "theme"}, "theme"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_row_that_cannot_be_is_refused_when_read(row, fault):
    content = WRITTEN_BEFORE_ROWS_HAD_KINDS | {"rows": [{"name": "main"}, row]}
    with pytest.raises(Invalid, match=fault):
        decode_rule("surface", content)


WRITTEN_BEFORE_RULES_HAD_REVIEWS = {
    "id": "p", "author": "ann", "owner": "ann", "notes": "", "paused": False, "slot": 3, "item_id": "x",
    "theme": None, "priority": 0, "holdout": 0.0, "window": {"start": None, "end": None, "zone": "UTC"},
    "scope": {
        "surface": "home", "row": None, "context_item": None, "context_selector": None, "market": None,
        "segment": None, "user": None,
    },
}  # fmt: skip


def test_a_rule_that_an_older_version_wrote_reads_and_is_written_as_it_was():
    rule = decode_rule("pin", WRITTEN_BEFORE_RULES_HAD_REVIEWS)
    assert rule.review is None
    assert encode_rule(rule) == WRITTEN_BEFORE_RULES_HAD_REVIEWS
    assert encode_rule(replace(rule, review=date(2026, 11, 30)))["review"] == "2026-11-30"
