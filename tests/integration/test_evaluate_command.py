"""recsys evaluate, from files to figures, and what it says of files that it cannot use."""

from __future__ import annotations

import gzip
import json
import random
import sys

import pytest
from click.testing import CliRunner

from recsys.batch.evaluate import evaluate_files, plain
from recsys.cli import main as entry
from recsys.cli.evaluate import evaluate
from recsys.domain.errors import Invalid

ACCURACY = ("recall@20", "ndcg@20", "map@20", "precision@20", "mrr@20", "hit_rate@20")
BEYOND = ("coverage@20", "novelty@20", "diversity@20", "gini@20", "long_tail@20")


def two_tastes(users=40, seed=1):
    """Pairs of shoppers who each love one half of 30 items; a fifth of each shopper's pairs is the test part."""
    draw = random.Random(seed)
    train, test = [], []
    for user in range(users):
        half = range(15) if user % 2 else range(15, 30)
        for place, item in enumerate(draw.sample(half, 10)):
            (test if place < 2 else train).append(f"user {user}\tитем {item}")
    return train, test


@pytest.fixture
def files(tmp_path):
    def write(train, test):
        paths = tmp_path / "train.tsv", tmp_path / "test.tsv"
        for path, lines in zip(paths, (train, test), strict=True):
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return paths

    return write


@pytest.fixture
def spy(tmp_path, monkeypatch):
    """Put a model of our own on the path; give its name as --model takes it."""

    def install(body, name="our_own_model"):
        (tmp_path / f"{name}.py").write_text(body, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return f"{name}:Model"

    return install


ZEROS = """
import numpy as np
class Model:
    def fit(self, data, *, seed, progress):
        {at_fit}
        self.n = len(data.items)
        return self
    def score(self, rows):
        return np.zeros((len(rows), self.n))
"""


def run(*arguments):
    return CliRunner().invoke(evaluate, [str(each) for each in arguments])


@pytest.mark.parametrize("model", ["popular", "item-knn", "als", "auto"])
def test_every_metric_is_measured_and_written_as_json(files, tmp_path, model):
    train, test = files(*two_tastes())
    out = tmp_path / "out.json"
    result = run("--train", train, "--test", test, "--model", model, "--budget", 3, "--json", out)
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert set(report["metrics"]) == {*ACCURACY, *BEYOND}
    assert all(0 <= report["metrics"][name] <= 1 for name in ACCURACY)
    assert set(report["standard_errors"]) == set(ACCURACY)
    assert report["counts"]["users_evaluated"] == 40
    assert report["asked"] == model
    assert set(report["seconds"]) == {"read_train", "fit", "read_test", "rank_and_measure", "total"}
    assert report["peak_memory_mib"] > 0
    assert set(report["versions"]) >= {"python", "recsys", "numpy"}
    assert bool(report["leaderboard"]) == (model == "auto")
    assert all(name in result.stdout for name in report["metrics"])


def test_auto_sees_that_there_are_two_tastes(files):
    train, test = files(*two_tastes())
    auto = evaluate_files(train, test, budget=5).report
    plainly = evaluate_files(train, test, model="popular").report
    # Within one's own half 7 items are unseen, so a list of 20 holds all; at this size the order is what tells.
    assert auto["metrics"]["ndcg@20"] > plainly["metrics"]["ndcg@20"]
    assert auto["model"] == auto["leaderboard"][0]["model"]


def test_depth_is_that_of_k(files):
    train, test = files(*two_tastes())
    report = evaluate_files(train, test, model="popular", k=3).report
    assert "recall@3" in report["metrics"]
    assert "recall@20" not in report["metrics"]


def test_json_on_standard_output_is_json_alone(files):
    train, test = files(*two_tastes())
    result = run("--train", train, "--test", test, "--model", "popular", "--json", "-")
    assert json.loads(result.stdout)["model"] == "popular"


def test_no_database_and_no_home_is_needed_or_made(files, tmp_path, monkeypatch):
    train, test = files(*two_tastes())
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("RECSYS_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    monkeypatch.setenv("RECSYS_HOME", str(empty / "home"))
    assert run("--train", train, "--test", test, "--model", "als").exit_code == 0
    assert list(empty.iterdir()) == []


def test_packed_files_give_the_same_figures(files, tmp_path):
    train, test = files(*two_tastes())
    packed = tmp_path / "train.gz", tmp_path / "test.gz"
    for plainly, path in zip((train, test), packed, strict=True):
        path.write_bytes(gzip.compress(plainly.read_bytes()))
    assert (
        evaluate_files(*packed, model="als").report["metrics"]
        == (evaluate_files(train, test, model="als").report["metrics"])
    )


def test_the_order_of_lines_changes_no_figure(files):
    train, test = two_tastes()
    first = evaluate_files(*files(train, test), model="item-knn").report["metrics"]
    second = evaluate_files(*files(train[::-1], test[::-1]), model="item-knn").report["metrics"]
    assert first == pytest.approx(second)


def test_the_test_file_is_read_only_after_the_model_is_fitted(files, spy):
    train, test = files(*two_tastes())
    truth = test.read_bytes()
    # Whoever read this before the model had learned would have stumbled.
    test.write_bytes(b"no tab in here\n")
    model = spy(ZEROS.format(at_fit=f"open({str(test)!r}, 'wb').write({truth!r})"))
    assert evaluate_files(train, test, model=model).report["counts"]["users_evaluated"] == 40


def test_another_test_file_changes_no_list_and_no_choice(files):
    train, test = two_tastes()
    first = evaluate_files(*files(train, test), model="auto", budget=None)
    second = evaluate_files(*files(train, [*test[::-1], "user 0\tnowhere"]), model="auto", budget=None)
    assert (first.measured.items == second.measured.items).all()
    assert first.report["parameters"] == second.report["parameters"]


@pytest.mark.parametrize("model", ["popular", "item-knn", "als", "auto"])
def test_one_user_alone_gets_a_sensible_result(files, model):
    report = evaluate_files(*files(["a\tx", "a\ty"], ["a\tz"]), model=model, budget=2).report
    assert report["metrics"]["recall@20"] == 0
    assert report["counts"]["users_evaluated"] == 1
    assert report["notes"] == [
        "1 test pairs have items that the training file does not know; they count as not found."
    ]


@pytest.mark.parametrize("model", ["popular", "item-knn", "als", "auto"])
def test_rows_that_are_all_equal_get_a_sensible_result(files, model):
    report = evaluate_files(*files(["a\tx"] * 30, ["a\tx"] * 3), model=model, budget=2).report
    assert report["counts"]["pairs_train"] == 1
    assert report["metrics"]["recall@20"] == 0
    assert "29 lines of the training file repeat a pair and were left out." in report["notes"]
    assert any("stand in the training file too" in note for note in report["notes"])


def test_unknown_test_users_are_left_out_counted_and_told(files):
    train, test = two_tastes()
    known = evaluate_files(*files(train, test), model="popular").report
    more = evaluate_files(*files(train, [*test, "stranger\tитем 1"]), model="popular").report
    assert more["metrics"] == known["metrics"]
    assert more["counts"]["users_unknown"] == 1
    assert any("1 test users are not in the training file" in note for note in more["notes"])


def test_weights_shape_the_model_and_the_test_files_count_alike(files):
    train, test = two_tastes()
    weighted = [f"{line}\t{1 + place % 5}\textra" for place, line in enumerate(train)]
    report = evaluate_files(*files(weighted, [f"{line}\t5" for line in test]), model="als").report
    assert any("more than three columns" in note for note in report["notes"])
    assert any("weights of the test file" in note for note in report["notes"])


def refused(train, test, *more):
    result = CliRunner().invoke(
        entry.commands, ["evaluate", "--train", str(train), "--test", str(test), *more]
    )
    assert result.exit_code == 1
    assert isinstance(result.exception, Invalid), result.exception
    return str(result.exception)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "train: the file holds no rows"),
        (b"user,item\n1,2\n", "train: line 1: 'user,item' has no tab"),
        (b"a\tx\t-1\n", "train: line 1: the weight '-1' is not a number above 0"),
        (b"a\tx\tnan\n", "train: line 1: the weight 'nan' is not a number above 0"),
        (bytes(range(256)), "train: line 1: "),
        (gzip.compress(b"a\tx\n" * 9)[:-6], "train: train.tsv is a damaged gzip file"),
    ],
    ids=["empty", "commas", "negative", "nan", "rubbish", "broken"],
)
def test_a_training_file_that_cannot_be_used_is_refused_in_one_sentence(files, content, words):
    train, test = files([], ["a\tx"])
    train.write_bytes(content)
    assert refused(train, test, "--model", "popular").startswith(words)


def test_a_missing_file_is_told_before_anything_is_fitted(files, tmp_path, spy):
    train, test = files(*two_tastes())
    model = spy(ZEROS.format(at_fit="raise AssertionError('fitted in vain')"))
    nowhere = tmp_path / "nowhere.tsv"
    assert refused(train, nowhere, "--model", model) == f"test: there is no file {nowhere}"
    assert refused(nowhere, test, "--model", model) == f"train: there is no file {nowhere}"


def test_a_place_that_cannot_take_the_json_is_told_before_anything_is_fitted(files, tmp_path, spy):
    train, test = files(*two_tastes())
    model = spy(ZEROS.format(at_fit="raise AssertionError('fitted in vain')"))
    told = refused(train, test, "--model", model, "--json", str(tmp_path / "nowhere" / "out.json"))
    assert told.startswith("json: the folder")


def test_an_unknown_model_is_told_before_a_file_is_read(files):
    train, test = files([], [])
    assert "There is no model 'nonsense'" in refused(train, test, "--model", "nonsense")


def test_a_test_file_of_strangers_is_refused(files):
    told = refused(*files(["a\tx", "b\ty"], ["c\tx", "d\ty"]), "--model", "popular")
    assert told.startswith("test: none of its 2 users stands in the training file")


def test_values_that_json_cannot_hold_become_plain_ones():
    import numpy as np

    assert plain({1: np.float32(0.5), "b": (np.arange(2), float("nan"), None, True)}) == {
        "1": 0.5,
        "b": [[0, 1], None, None, True],
    }
