"""The validation question: what shoppers bought next that they did not have."""

from __future__ import annotations

from datetime import UTC, datetime

from recsys.models.validation import ask

BEFORE = [(f"u{n:02}", item, n) for n in range(12) for item in ("a", "b")]


def test_only_new_items_after_the_split_are_asked_for(shop):
    # The timeline is 100 days, so the last 20 are tested: from day 80.
    after = [(f"u{n:02}", "c", 90) for n in range(12)] + [("u00", "a", 95), ("u01", "d", 100)]
    asked = ask(shop([*BEFORE, *after]), seed=1)
    assert (asked.kind, asked.at) == ("time", datetime(2026, 3, 22, tzinfo=UTC))
    question = asked.question
    assert len(question.rows) == 12
    # Items are sorted: a, b, c, d. Rebuying a is not new; d is.
    assert question.truth[0].indices.tolist() == [2]
    assert question.truth[1].indices.tolist() == [2, 3]
    assert question.exclude[0].indices.tolist() == [0, 1]


def test_shoppers_without_a_past_or_without_new_purchases_are_left_out_and_counted(shop):
    after = [(f"u{n:02}", "c", 90) for n in range(11)] + [("u11", "a", 95), ("new", "c", 100)]
    question = ask(shop([*BEFORE, *after]), seed=1).question
    assert len(question.rows) == 11
    assert question.left_out == 2


def test_the_train_part_knows_nothing_of_the_future(shop):
    data = shop([*BEFORE, *[(f"u{n:02}", "c", 100) for n in range(12)]])
    train = ask(data, seed=1).question.train
    assert train.items.ids == data.items.ids
    assert train.weights[:, data.items.index("c")].nnz == 0


def test_looking_is_not_asked_for_where_there_are_purchases(shop):
    after = [(f"u{n:02}", "c", 90) for n in range(12)] + [("u00", "d", 95, "view"), ("u00", "e", 100)]
    data = shop([*BEFORE, *after])
    assert data.items.index("d") not in ask(data, seed=1).question.truth[0].indices


def test_where_nobody_ever_bought_looking_counts(shop):
    views = [(*row, "view") for row in [*BEFORE, *[(f"u{n:02}", "c", 100) for n in range(12)]]]
    question = ask(shop(views), seed=1).question
    assert question.truth[0].indices.tolist() == [2]


def test_what_was_disliked_before_is_kept_out(shop):
    rows = [*BEFORE, ("u00", "z", 5, "dislike"), *[(f"u{n:02}", "c", 100) for n in range(12)]]
    data = shop(rows)
    assert data.items.index("z") in ask(data, seed=1).question.exclude[0].indices


def test_data_without_times_is_split_at_random_within_shoppers(shop):
    asked = ask(shop([(f"u{n:02}", f"i{item}", None) for n in range(12) for item in range(5)]), seed=1)
    assert asked.kind == "random"
    assert [len(row.indices) for row in asked.question.truth] == [1] * 12


def test_too_little_data_asks_nothing_and_says_so(shop):
    asked = ask(shop([("ann", "tea", 1), ("bob", "tea", 2)]), seed=1)
    assert asked.question is None
    assert "Nothing was measured" in asked.words


def test_with_repeats_what_shoppers_had_is_asked_for_and_may_be_ranked(shop):
    after = [(f"u{n:02}", "c", 90) for n in range(12)] + [("u00", "a", 95)]
    question = ask(shop([*BEFORE, *after]), seed=1, repeats=True).question
    assert question.truth[0].indices.tolist() == [0, 2]
    assert question.exclude.nnz == 0


def test_with_repeats_what_was_disliked_stays_out(shop):
    rows = [*BEFORE, ("u00", "z", 5, "dislike"), *[(f"u{n:02}", "c", 100) for n in range(12)]]
    data = shop(rows)
    question = ask(data, seed=1, repeats=True).question
    assert question.exclude[0].indices.tolist() == [data.items.index("z")]
