"""The quality gate: what lets a run through and what holds it back, in words."""

from __future__ import annotations

import pytest

from recsys.batch.gate import check_run


def metrics(ndcg, popular=0.04):
    if ndcg is None:
        return {"values": {}, "models": []}
    models = [{"model": "popular", "values": {"ndcg@20": popular}}]
    return {"values": {"ndcg@20": ndcg}, "models": models}


def facts(reached, shoppers=100, exhausted=0):
    return {
        "shoppers": shoppers,
        "shoppers_with_candidates": reached,
        "shoppers_exhausted": exhausted,
        "shoppers_empty": shoppers - reached - exhausted,
    }


def failed(gate):
    assert gate.passed == all(check.passed for check in gate.checks)
    assert all(check.words.endswith(".") for check in gate.checks)
    return [check.name for check in gate.checks if not check.passed]


def test_a_first_run_that_beats_popularity_passes():
    assert failed(check_run(metrics(0.09), facts(100), None, None)) == []


def test_a_run_as_good_as_popularity_passes_and_a_worse_one_does_not():
    assert failed(check_run(metrics(0.04, 0.04), facts(100), None, None)) == []
    assert failed(check_run(metrics(0.0399, 0.04), facts(100), None, None)) == ["beats_popular"]


@pytest.mark.parametrize(("ndcg", "expected"), [(0.0901, []), (0.0899, ["keeps_quality"]), (0.2, [])])
def test_a_run_keeps_nine_tenths_of_the_live_quality(ndcg, expected):
    assert failed(check_run(metrics(ndcg), facts(100), metrics(0.1), facts(100))) == expected


@pytest.mark.parametrize(("reached", "expected"), [(90, []), (89, ["keeps_reach"])])
def test_a_run_keeps_nine_tenths_of_the_shoppers_with_candidates(reached, expected):
    assert failed(check_run(metrics(0.1), facts(reached), metrics(0.1), facts(100))) == expected


@pytest.mark.parametrize(("reached", "expected"), [(80, []), (79, ["few_empty"])])
def test_at_most_a_fifth_of_the_shoppers_may_stay_empty(reached, expected):
    assert failed(check_run(metrics(0.1), facts(reached), None, None)) == expected


def test_shoppers_who_own_everything_are_not_held_against_a_run():
    assert failed(check_run(metrics(0.1), facts(0, shoppers=5, exhausted=5), None, None)) == []


def test_where_nothing_was_measured_the_gate_says_so_and_does_not_guess():
    gate = check_run(metrics(None), facts(100), metrics(0.1), facts(100))
    assert failed(gate) == []
    assert [check.value for check in gate.checks[:2]] == [None, None]
    assert "nothing was measured" in gate.checks[0].words


def test_a_live_run_without_measurements_sets_no_limit():
    assert failed(check_run(metrics(0.05), facts(100), metrics(None), {})) == []
