from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from curation_ui.tiles import drawn_tile, initial

ids = st.text(min_size=1, max_size=40)
printable = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)


@given(printable, printable)
def test_every_tile_is_well_formed_svg_without_style_script_or_reference(item_id, title):
    picture = ET.fromstring(str(drawn_tile(item_id, title)))  # noqa: S314 - our own drawing, not somebody's file
    for element in picture.iter():
        assert element.tag in {"svg", "rect", "circle", "path", "text"}
        assert not {"style", "href", "id", "onload"} & set(element.attrib)


@given(ids, st.text(max_size=20))
def test_the_same_item_always_looks_the_same(item_id, title):
    assert drawn_tile(item_id, title) == drawn_tile(item_id, title)


def test_items_look_different():
    assert len({str(drawn_tile(f"item-{n}", "Mug")) for n in range(200)}) > 190


def test_the_picture_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in drawn_tile("85123A", "Mug")


def test_the_letter_is_the_first_letter_or_digit_of_the_title():
    assert initial("  “white hanging heart”", "85123A") == "W"
    assert initial("3 tier cakestand", "22423") == "3"


def test_an_item_without_title_is_lettered_by_its_id():
    assert initial("", "85123A") == "8"
    assert initial("***", "—") == "·"


def test_a_letter_that_would_become_two_as_a_capital_stays_small():
    assert initial("ßtraße", "1") == "ß"


def test_markup_in_a_title_cannot_leave_the_letter():
    assert "<script" not in drawn_tile("<script>", "<script>alert(1)</script>")


@given(ids)
def test_the_letter_contrasts_with_its_white_ground(item_id):
    picture = ET.fromstring(str(drawn_tile(item_id, "Mug")))  # noqa: S314 - our own drawing, not somebody's file
    colour = next(each.attrib["fill"] for each in picture.iter() if each.tag == "text")
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) > 4.5
