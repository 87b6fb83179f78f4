"""The ranking benchmark: what it asks, what it compares, and that every look at a test part is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import datasets
from ranking import append
from rankings.contestants import BuyAgain, chosen, untuned
from rankings.measuring import by_activity, by_market, measure_all
from rankings.page import filled, plots, section, table_of
from rankings.plots import Dot, dot_plot
from rankings.published import GOWALLA
from rankings.questions import NEW, REPEATS, UNSEEN, fixed_split, last_days
from recsys.batch.evaluate import plain
from recsys.batch.question import measure_lists
from recsys.data.schema import interactions_table
from recsys.domain.errors import Invalid
from recsys.models.progress import Silent

START = datetime(2024, 1, 1, tzinfo=UTC)
AGAIN = "buy-again, then popular"


def shop(rows):
    """Purchases from (shopper, item, day[, market])."""
    return interactions_table(
        {
            "user_id": [row[0] for row in rows],
            "item_id": [row[1] for row in rows],
            "timestamp": [START + timedelta(days=row[2]) for row in rows],
            "market": [row[3] if len(row) > 3 else None for row in rows],
        }
    )


@pytest.fixture
def problem():
    early = [
        ("ann", "a", 0, "FR"),
        ("ann", "b", 1, "FR"),
        ("bob", "a", 2, "DE"),
        ("cid", "c", 3),
        ("dan", "c", 3),
    ]
    late = [("ann", "a", 100), ("ann", "c", 101), ("bob", "a", 102), ("cid", "new", 103), ("eve", "a", 104)]
    return last_days(shop([*early, *late]))


def names(problem, question):
    return [problem.data.users[row] for row in problem.questions[question].rows]


def test_the_training_part_does_not_know_the_ids_of_the_test_part(problem):
    assert problem.data.users.ids == ("ann", "bob", "cid", "dan")
    assert problem.data.items.ids == ("a", "b", "c")


def test_new_items_only_asks_for_what_the_shopper_did_not_have(problem):
    asked = problem.questions[NEW]
    assert names(problem, NEW) == [
        "ann",
        "cid",
    ]  # bob bought again what he had, eve is unknown, dan came not back
    assert asked.sizes.tolist() == [1, 1]
    assert asked.truth.toarray().tolist() == [[False, False, True], [False, False, False]]
    assert asked.exclude.toarray().tolist() == [[True, True, False], [False, False, True]]


def test_repeats_allowed_asks_for_everything_and_excludes_nothing(problem):
    asked = problem.questions[REPEATS]
    assert names(problem, REPEATS) == ["ann", "bob", "cid"]
    assert asked.sizes.tolist() == [2, 1, 1]
    assert asked.exclude.nnz == 0
    assert problem.counts["test_pairs_seen_in_training"] == 2
    assert problem.counts["users_unknown"] == 1


def test_buy_again_puts_what_was_bought_first_and_the_other_model_behind(problem):
    popular = untuned("popular").model.fit(problem.data, seed=0, progress=Silent())
    again = BuyAgain(problem.data, popular, "popular")
    assert again.name == AGAIN
    scores = again.score(np.array([1]))[0]  # bob has a; c is more popular than b
    assert np.argsort(-scores).tolist() == [0, 2, 1]


def test_buy_again_keeps_the_order_of_a_model_with_negative_scores_and_unknown_items(problem):
    class Behind:
        def score(self, rows):
            return np.full((len(rows), 3), [-3.0, -2.0, -np.inf], np.float32)

    scores = BuyAgain(problem.data, Behind(), "other").score(np.array([2]))[0]  # cid has c
    assert np.argsort(-scores).tolist() == [2, 1, 0]
    assert np.isfinite(scores).all()


@pytest.fixture
def looks():
    return []


@pytest.fixture
def answers(looks):
    draw = np.random.default_rng(3)
    rows = [
        (f"s{user}", f"i{item}", int(draw.integers(0, 200)), "FR" if user % 3 else "DE")
        for user in range(60)
        for item in draw.choice(25, 8, replace=False)
    ]
    problem = last_days(shop(rows))
    contestants = [replace(untuned("item-knn"), is_auto=True), untuned("popular")]
    found = measure_all(problem, contestants, seed=0, progress=Silent(), record=looks.append)
    return problem, found


def test_every_look_at_the_test_part_is_told(answers, looks):
    _, found = answers
    told = [(look["question"], look["model"]) for look in looks]
    shown = [(name, row["model"]) for name, each in found["questions"].items() for row in each["models"]]
    assert sorted(told) == sorted(shown)
    assert {(REPEATS, AGAIN), (REPEATS, "buy-again, then item-knn")} <= set(told)
    assert all({"recall@20", "ndcg@20", "parameters"} <= set(look) for look in looks)


def test_what_is_chosen_for_one_question_answers_it_alone_and_is_auto_there(problem):
    everywhere = replace(untuned("item-knn"), is_auto=True)
    for_one = replace(untuned("popular"), name="popular for repeats", is_auto=True, only=REPEATS)
    found = measure_all(
        problem, [everywhere, untuned("popular"), for_one], seed=0, progress=Silent(), record=lambda _: None
    )
    auto = {
        question: [row["model"] for row in each["models"] if row["auto"]]
        for question, each in found["questions"].items()
    }
    assert auto == {NEW: ["item-knn"], REPEATS: ["popular for repeats"]}
    assert "popular for repeats" not in [row["model"] for row in found["questions"][NEW]["models"]]


def test_the_log_only_grows(tmp_path):
    log = tmp_path / "results" / "log.jsonl"
    append(log, {"model": "first"})
    append(log, {"model": "second"})
    assert [json.loads(line)["model"] for line in log.read_text().splitlines()] == ["first", "second"]


def test_an_interval_holds_its_mean_and_a_difference_is_that_of_the_means(answers):
    _, found = answers
    for each in found["questions"].values():
        by_name = {row["model"]: row for row in each["models"]}
        for row in each["models"]:
            low, high = row["intervals"]["ndcg@20"]
            assert low <= row["metrics"]["ndcg@20"] <= high
        for gap in each["differences"]:
            means = [by_name[gap[side]]["metrics"]["ndcg@20"] for side in ("model", "over")]
            assert gap["ndcg@20"]["mean"] == pytest.approx(means[0] - means[1], abs=3e-5)


def test_groups_of_shoppers_add_up_to_all_of_them(answers):
    problem, found = answers
    for each in found["questions"].values():
        for row in each["models"]:
            for groups in (row["by_activity"], row["by_market"]):
                assert sum(group["shoppers"] for group in groups) == each["shoppers"]
                mean = sum(group["shoppers"] * group["ndcg@20"] for group in groups) / each["shoppers"]
                assert mean == pytest.approx(row["metrics"]["ndcg@20"], abs=3e-5)
    assert {group["group"] for group in found["questions"][NEW]["models"][0]["by_market"]} == {"FR", "DE"}
    assert problem.counts["users_evaluated"] == found["questions"][REPEATS]["shoppers"]


def test_groups_hold_those_who_belong_there(problem):
    asked = problem.questions[REPEATS]
    lists = np.array([[0, 2], [0, 1], [2, 1]], np.int32)
    measured = measure_lists(lists, problem.data, asked, (20,), seed=0)
    # Ann (two items) finds both of hers, Bob (one) his, Cid (one) nothing.
    assert by_activity(measured, problem.data, asked) == [
        {"group": "1–4", "shoppers": 3, "recall@20": round(2 / 3, 5), "ndcg@20": round(2 / 3, 5)}
    ]
    assert by_market(measured, problem.data, asked) == []  # too few shoppers a market for a figure


class Refusing:
    name = "refusing"

    def fit(self, _data, **_):
        raise Invalid("items", "too many")


def test_a_model_that_refuses_the_data_is_named_with_its_reason(problem):
    contestants = [replace(untuned("popular"), name="refusing", model=Refusing()), untuned("popular")]
    found = measure_all(problem, contestants, seed=0, progress=Silent(), record=[].append)
    assert found["refused"] == [{"model": "refusing", "why": "items: too many"}]


def test_auto_brings_every_model_that_it_tuned_and_popularity_is_always_there(answers):
    problem, _ = answers
    everybody = chosen(["auto"], problem.data, budget=1.0, seed=0, progress=Silent())
    assert sum(each.is_auto for each in everybody) == 1
    assert "popular" in {each.name for each in everybody}
    assert [each.name for each in chosen(["als"], problem.data, budget=1.0, seed=0, progress=Silent())] == [
        "popular",
        "als",
    ]


def as_result(problem, found):
    """What stands in a result file, through JSON and back."""
    whole = {
        "benchmark": "ranking-test",
        "dataset": {"title": "A test", "origin": "here", "licence": "none"},
        "split": problem.split,
        "counts": problem.counts,
        "seed": 0,
        "tuning_budget_seconds": None,
        **plain(found),
        "peak_memory_mib": 1.0,
        "versions": {"recsys": "0"},
        "machine": {"cores": 2, "system": "any"},
    }
    return json.loads(json.dumps(whole))


def test_the_page_shows_every_model_of_a_result_in_both_questions(answers):
    problem, found = answers
    result = as_result(problem, found)
    text = section("test", result)
    for model in ("item-knn = auto", "popular", AGAIN):
        assert f"| {model} |" in text
    assert "item-knn − popular" in text
    assert set(plots("test", result)) == {
        "ranking-test-new-items-only.svg",
        "ranking-test-repeats-allowed.svg",
    }
    assert "item-knn = auto" in table_of(result)


def test_published_rows_stand_beside_ours_with_their_source(tmp_path):
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    train.write_text("a\tx\nb\tx\nb\ty\n")
    test.write_text("a\ty\n")
    problem = fixed_split(train, test)
    found = measure_all(problem, [untuned("popular")], seed=0, progress=Silent(), record=[].append)
    text = section("gowalla", as_result(problem, found))
    assert list(problem.questions) == [UNSEEN]
    assert "**popular**" in text
    for each in GOWALLA:
        assert f"| {each.method} | {each.recall:.4f} | {each.ndcg:.4f} |  | {each.source} |" in text


def test_only_the_marked_part_of_a_page_is_filled():
    page = "above\n<!-- begin x -->\nold\n<!-- end x -->\nbelow"
    assert filled(page, "x", "new \\1") == "above\n<!-- begin x -->\nnew \\1\n<!-- end x -->\nbelow"
    with pytest.raises(ValueError, match="no place for y"):
        filled(page, "y", "new")


def test_a_plot_names_every_dot_and_keeps_it_on_the_scale():
    drawing = dot_plot(
        "A & B", "axis", [Dot("ours <1>", 0.2, (0.15, 0.25), "winner"), Dot("theirs", 0.1, None, "theirs")]
    )
    assert "A &amp; B" in drawing
    assert "ours &lt;1&gt;" in drawing
    assert drawing.count("<circle") == 2
    places = [float(part.split('"')[0]) for part in drawing.split('<circle cx="')[1:]]
    assert 250 < places[1] < places[0] < 690


def test_a_data_set_that_is_missing_or_changed_is_told(tmp_path):
    files = {"set/one.txt": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}  # of "abc"
    each = datasets.Dataset("set", "A set", files, "here", "none")
    assert each.find(None) is None
    assert each.find(tmp_path) is None
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "one.txt").write_text("abc")
    assert each.find(tmp_path) == (tmp_path / "set" / "one.txt",)
    assert each.damaged(tmp_path) == []
    (tmp_path / "set" / "one.txt").write_text("abd")
    assert each.damaged(tmp_path) == ["set/one.txt"]


def test_groceries_are_read_as_purchases_without_the_lines_of_coupons(tmp_path):
    path = Path(tmp_path / "transactions.csv")
    path.write_text(
        "household_id,store_id,basket_id,product_id,quantity,sales_value,transaction_timestamp\n"
        "007,1,9,0042,2.0,3.5,2017-01-28 19:06:53\n"
        "007,1,9,0043,0.0,0.0,2017-01-28 19:06:53\n"
    )
    assert datasets.complete_journey(path).select(
        ["user_id", "item_id", "kind", "timestamp", "order_id"]
    ).to_pylist() == [
        {
            "user_id": "007",
            "item_id": "0042",
            "kind": "purchase",
            "timestamp": datetime(2017, 1, 28, 19, 6, 53, tzinfo=UTC),
            "order_id": "9",
        }
    ]


def test_the_bundled_shop_is_read_as_purchases():
    table = datasets.online_retail()
    assert set(table["kind"].unique().to_pylist()) == {"purchase"}
    assert table["timestamp"].null_count == 0


def test_a_shop_without_times_has_no_last_days():
    with pytest.raises(ValueError, match="no last days"):
        last_days(interactions_table({"user_id": ["a"], "item_id": ["x"]}))
