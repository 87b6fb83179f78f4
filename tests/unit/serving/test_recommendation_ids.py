"""The id of an answer tells what it was made from, and names nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from recsys.serving.parameters import Asked
from recsys.serving.recommendation_id import (
    DIGEST_BYTES,
    MAX_CHARACTERS,
    RecommendationId,
    decode_recommendation_id,
    encode_recommendation_id,
    request_digest,
)
from recsys.serving.signing import Damaged, sign

KEY = b"k" * 32
ASKED = Asked(surface="home", user_id="ann", segment=("vip",))

made_from = st.builds(
    RecommendationId,
    release=st.integers(1, 2**63),
    catalog_revision=st.integers(0, 2**63),
    overlay_revision=st.integers(0, 2**63),
    moment=st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - a bound
    request=st.binary(min_size=DIGEST_BYTES, max_size=DIGEST_BYTES),
)


@given(made_from)
def test_an_id_gives_back_what_the_answer_was_made_from(record):
    token = encode_recommendation_id(record, KEY)
    assert decode_recommendation_id(token, KEY) == record


@given(made_from)
def test_an_id_has_at_most_200_characters(record):
    assert len(encode_recommendation_id(record, KEY)) <= MAX_CHARACTERS


@pytest.mark.parametrize("token", ["", "abc", sign(b"", KEY), sign(b"\x01" * 40, KEY)])
def test_a_text_that_is_no_id_is_refused(token):
    with pytest.raises(Damaged):
        decode_recommendation_id(token, KEY)


@pytest.mark.parametrize(
    "change", [{"user_id": "bob"}, {"limit": 5}, {"segment": ()}, {"rules": False}, {"cursor": "x"}]
)
def test_another_request_has_another_digest(change):
    assert request_digest(ASKED, KEY) != request_digest(replace(ASKED, **change), KEY)


def test_a_digest_cannot_be_compared_with_guesses_without_the_key():
    assert request_digest(ASKED, KEY) != request_digest(ASKED, b"o" * 32)
