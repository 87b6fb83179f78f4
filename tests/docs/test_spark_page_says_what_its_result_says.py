"""docs/spark.md gives the figures of its result file, and these keep what was promised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spark import broken

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def result():
    return json.loads((ROOT / "benchmarks" / "results" / "spark.json").read_text(encoding="utf-8"))


def test_the_page_gives_the_figures_of_the_result(result):
    page = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    seconds, ndcg = result["seconds"], result["ndcg@20"]
    ours, candidates = seconds["fit"], seconds["candidates_and_reasons"]
    for words in (
        f"with `{result['master']}` on {result['machine']['cores']} cores",
        f"{seconds['als_fit_alone_before']:.0f} s before ours and {seconds['als_fit_alone_after']:.0f} s after it",
        f"our fit, which has Spark's in it and {result['iterations']['ours']} iterations of ours, {ours:.0f} s",
        f"the candidates of all {result['shoppers']:,} shoppers {candidates:.0f} s",
        f"{result['times_als_fit_alone']:.1f} times the quicker of Spark's",
        f"was {ndcg['spark']:.4f}, that of our ALS with the same settings {ndcg['one_machine']:.4f}",
        f"One machine fits the same ALS in {seconds['one_machine_fit']:.0f} s",
    ):
        assert words in page, words


def test_the_result_keeps_what_was_promised(result):
    seconds = result["seconds"]
    bare = min(seconds["als_fit_alone_before"], seconds["als_fit_alone_after"])
    times = (seconds["fit"] + seconds["candidates_and_reasons"]) / bare
    assert times == pytest.approx(result["times_als_fit_alone"], abs=1e-3)
    share = result["ndcg@20"]["spark"] / result["ndcg@20"]["one_machine"]
    assert share == pytest.approx(result["spark_over_one_machine"], abs=1e-4)
    assert broken(result) == []


@pytest.mark.parametrize(
    "worse",
    [{"times_als_fit_alone": 3.01}, {"spark_over_one_machine": 0.97}, {"spark_over_one_machine": 1.03}],
)
def test_a_result_that_keeps_less_is_told(result, worse):
    assert len(broken(result | worse)) == 1
