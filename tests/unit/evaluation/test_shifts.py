"""How far slates move, against cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.evaluation.shifts import estimate, places_by_group, rank_biased_overlap, share_kept


def slates(*rows: tuple[int, ...]) -> np.ndarray:
    return np.array(rows, np.int32)


def test_the_share_kept_counts_items_of_the_slate_before_wherever_they_stand_after():
    before = slates((1, 2, 3, 4), (1, 2, -1, -1), (5, 6, 7, 8))
    after = slates((4, 9, 1, 8), (2, 1, 3, -1), (1, 2, 3, 4))
    assert share_kept(before, after).tolist() == [0.5, 1.0, 0.0]


def test_an_empty_slate_has_no_share_and_no_overlap_with_another_empty_one():
    empty = slates((-1, -1))
    assert np.isnan(share_kept(empty, slates((1, 2)))).all()
    assert np.isnan(rank_biased_overlap(empty, empty)).all()
    assert rank_biased_overlap(empty, slates((1, 2))).tolist() == [0.0]


def test_overlap_is_worked_out_place_by_place():
    # A(1) = 0, A(2) = 2/2, A(3) = 2/3; weights 1, 0.5, 0.25.
    overlap = rank_biased_overlap(slates((1, 2, 3)), slates((2, 1, 4)), persistence=0.5)
    assert overlap[0] == pytest.approx((0 + 0.5 * 1 + 0.25 * 2 / 3) / 1.75)


def test_overlap_of_slates_of_unlike_length_is_measured_against_the_longer_one():
    # Depths 1 to 3 count, for one slate reaches 3: A = 1, 1/2, 1/3.
    overlap = rank_biased_overlap(slates((1, -1, -1, -1)), slates((1, 2, 3, -1)), persistence=0.5)
    assert overlap[0] == pytest.approx((1 + 0.5 / 2 + 0.25 / 3) / 1.75)


def test_a_change_further_up_weighs_more():
    before = slates((1, 2, 3, 4))
    first, last = (rank_biased_overlap(before, slates(row))[0] for row in ((9, 2, 3, 4), (1, 2, 3, 9)))
    assert first < last < 1


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 9), unique=True, max_size=5),
            st.lists(st.integers(0, 9), unique=True, max_size=5),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_overlap_lies_between_0_and_1_does_not_depend_on_the_direction_and_is_1_for_equal_slates(pairs):
    def padded(rows: list[list[int]]) -> np.ndarray:
        return slates(*(tuple(row + [-1] * (5 - len(row))) for row in rows))

    before, after = padded([one for one, _ in pairs]), padded([other for _, other in pairs])
    there, back = rank_biased_overlap(before, after), rank_biased_overlap(after, before)
    np.testing.assert_allclose(there, back)
    known = there[~np.isnan(there)]
    assert ((known >= 0) & (known <= 1 + 1e-12)).all()
    same = rank_biased_overlap(before, before)
    assert (np.isnan(same) | np.isclose(same, 1)).all()
    kept = share_kept(before, before)
    assert (np.isnan(kept) | (kept == 1)).all()


def test_places_are_shared_out_by_group_and_an_item_may_be_in_several():
    groups = np.array([[True, False, True], [True, True, False], [False, False, False]])
    shares = places_by_group(slates((0, 1, -1), (0, 2, -1)), groups)
    assert shares.tolist() == [0.75, 0.75, 0.0]
    assert places_by_group(slates((-1, -1)), groups).tolist() == [0.0, 0.0, 0.0]


def test_an_interval_is_the_mean_and_1_96_standard_errors_to_both_sides():
    # The values 1, 2, 3, 4 have s² = 5/3, so the standard error is √(5/12).
    found = estimate(np.array([1.0, 2.0, 3.0, 4.0]))
    assert found.mean == 2.5
    assert found.high - 2.5 == pytest.approx(1.959964 * (5 / 12) ** 0.5)
    assert 2.5 - found.low == pytest.approx(found.high - 2.5)
    assert found.clear


def test_one_value_has_no_interval_and_none_has_no_mean():
    alone = estimate(np.array([3.0]))
    assert (alone.mean, alone.low, alone.high, alone.clear) == (3.0, None, None, False)
    assert estimate(np.array([])) is None
