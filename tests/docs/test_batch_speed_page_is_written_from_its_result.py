"""docs/batch-speed.md and its plot say what the result file says; nobody writes figures there by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batches.page import page, plot

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def result():
    return json.loads((ROOT / "benchmarks" / "results" / "batch.json").read_text(encoding="utf-8"))


def test_the_page_is_what_the_result_says(result):
    assert (ROOT / "docs" / "batch-speed.md").read_text(encoding="utf-8") == page(result)


def test_the_plot_is_what_the_result_says(result):
    assert (ROOT / "docs" / "images" / "batch-growth.svg").read_text(encoding="utf-8") == plot(result)


def test_candidates_cost_at_most_twice_the_bare_product(result):
    assert result["top_200"]["ours"]["ratio"] <= 2.0
    assert result["agreement_with_implicit"] > 0.999
