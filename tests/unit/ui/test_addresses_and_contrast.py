from __future__ import annotations

import re
from pathlib import Path

import pytest

import curation_ui
from curation_ui.addresses import within

TOKENS = (Path(curation_ui.__file__).parent / "static" / "css" / "tokens.css").read_text()
COLOURS = {
    name: pair
    for name, *pair in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
}
GROUNDS = ("ground", "rail", "surface", "surface-2", "sunken")
TEXT_ON_GROUND = [
    (text, ground) for text in ("ink", "muted", "accent", "bad", "warn", "good") for ground in GROUNDS
]
TEXT_ON_ITS_OWN = [
    *(
        (name, f"{name}-soft")
        for name in ("pin", "theme", "model", "fallback", "good", "warn", "bad", "accent")
    ),
    ("ink", "accent-soft"),
    ("muted", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-chip", "chip"),
]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND + TEXT_ON_ITS_OWN)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_a_contrast_of_4_5_in_light_and_dark(text, ground, scheme):
    assert contrast(COLOURS[text][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_edges_of_fields_and_the_focus_have_a_contrast_of_3(ground, scheme):
    for line in ("line-strong", "focus"):
        assert contrast(COLOURS[line][scheme], COLOURS[ground][scheme]) >= 3


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", None, "/a\nb"],
)
def test_nobody_is_sent_to_another_site(address):
    assert within(address, "/") == "/"


def test_a_path_of_the_desk_is_returned_to_with_its_question():
    assert within("/surfaces/home?as=17850&market=France", "/") == "/surfaces/home?as=17850&market=France"
