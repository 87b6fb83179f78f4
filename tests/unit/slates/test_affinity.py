"""Closeness is one product, wherever it is taken."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.slates.affinity import affinities, closest

numbers = st.floats(-8, 8, width=32)


@given(st.integers(1, 6), st.integers(1, 30), st.data())
def test_the_closest_is_the_first_of_the_largest_products(width, count, data):
    drawn = data.draw(
        st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=count, max_size=count)
    )
    vectors = np.array(drawn, np.float32)
    vector = np.array(data.draw(st.lists(numbers, min_size=width, max_size=width)), np.float32)
    among = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=count)), np.int64)
    products = affinities(vectors, vector)
    assert closest(vectors, vector, among) == int(products[among].argmax())
    assert np.allclose(products, vectors.astype(float) @ vector.astype(float), rtol=1e-5, atol=1e-5)
