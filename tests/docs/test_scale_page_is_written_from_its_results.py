"""docs/scale.md says what the result files say; nobody writes figures there by hand."""

from __future__ import annotations

from pathlib import Path

from scale import results
from scales.page import page, shopper_bytes

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_results_say() -> None:
    assert (ROOT / "docs" / "scale.md").read_text(encoding="utf-8") == page(results())


def test_a_candidate_costs_what_its_arrays_hold() -> None:
    # Item and score of four bytes each, and two reasons with their shares.
    assert shopper_bytes(101) - shopper_bytes(100) == 24
