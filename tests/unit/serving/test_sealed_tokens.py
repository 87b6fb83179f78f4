"""Tokens that only we can make, and the numbers inside them."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recsys.serving import varints
from recsys.serving.signing import Damaged, sign, unsign

KEY, OTHER = b"k" * 32, b"o" * 32
LETTERS = string.ascii_letters + string.digits + "-_"


@given(st.binary(max_size=200))
def test_a_token_gives_back_what_was_sealed(payload):
    assert unsign(sign(payload, KEY), KEY) == payload


@given(st.binary(max_size=50))
def test_a_token_of_another_installation_is_refused(payload):
    with pytest.raises(Damaged):
        unsign(sign(payload, OTHER), KEY)


@given(st.binary(max_size=50), st.data())
def test_any_changed_letter_is_noticed(payload, data):
    token = sign(payload, KEY)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    assume(letter != token[place])
    with pytest.raises(Damaged):
        unsign(token[:place] + letter + token[place + 1 :], KEY)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text):
    with pytest.raises(Damaged):
        unsign(text, KEY)


def test_a_token_can_stand_in_an_address():
    assert set(sign(bytes(range(256)), KEY)) <= set(LETTERS)


@given(st.lists(st.integers(0, 2**70)))
def test_numbers_come_back_from_their_packing(numbers):
    assert varints.unpack(varints.pack(numbers)) == numbers


def test_small_numbers_take_one_byte():
    assert len(varints.pack([0, 1, 127])) == 3


def test_a_number_that_is_cut_off_is_noticed():
    with pytest.raises(ValueError, match="cut off"):
        varints.unpack(varints.pack([300])[:1])
