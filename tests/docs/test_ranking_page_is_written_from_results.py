"""docs/ranking.md and its plots say what the result files say; nobody writes figures there by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rankings.page import filled, plots, section
from rankings.published import GOWALLA
from rankings.questions import UNSEEN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ranking.md").read_text(encoding="utf-8")
RESULTS = {
    path.stem.removeprefix("ranking-"): path
    for path in (ROOT / "benchmarks" / "results").glob("ranking-*.json")
}
MARKED = re.findall(r"<!-- begin (\S+) -->", PAGE)


@pytest.mark.parametrize("name", MARKED)
def test_a_part_of_the_page_is_what_the_results_say(name):
    if name in RESULTS:
        assert (
            filled(PAGE, name, section(name, json.loads(RESULTS[name].read_text(encoding="utf-8")))) == PAGE
        )
    else:
        assert filled(PAGE, name, "Not measured yet.") == PAGE


@pytest.mark.parametrize("name", MARKED)
def test_plots_are_what_the_results_say(name):
    drawn = plots(name, json.loads(RESULTS[name].read_text(encoding="utf-8"))) if name in RESULTS else {}
    there = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / "docs" / "images").glob(f"ranking-{name}-*")
    }
    assert there == drawn


def test_every_result_has_its_place_on_the_page():
    assert set(RESULTS) <= set(MARKED)


def test_the_figures_of_the_readme_are_those_of_the_result():
    result = json.loads(RESULTS["gowalla"].read_text(encoding="utf-8"))
    models = result["questions"][UNSEEN]["models"]
    auto = next(row["metrics"] for row in models if row["auto"])
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"Recall@20 {auto['recall@20']:.4f} and NDCG@20 {auto['ndcg@20']:.4f}" in text
    assert (
        f"({max(each.recall for each in GOWALLA):.4f} and {max(each.ndcg for each in GOWALLA):.4f})" in text
    )
