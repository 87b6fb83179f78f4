"""Files with a user, a tab and an item a line."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.pairs import read_pairs, to_interactions
from recsys.data.training import build_training_data
from recsys.domain.errors import Invalid


@pytest.fixture
def file(tmp_path):
    def write(content, name="train.tsv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def pairs_in(path):
    pairs = read_pairs(path, "train")
    return [(pairs.users[u], pairs.items[i]) for u, i in zip(pairs.user, pairs.item, strict=True)]


def refused(path, field="train"):
    with pytest.raises(Invalid) as told:
        read_pairs(path, field)
    assert told.value.field == field
    assert "\n" not in str(told.value)
    return told.value.message


def test_a_plain_file_gives_its_pairs_in_order(file):
    assert pairs_in(file("b\tx\na\ty\nb\ty\n")) == [("b", "x"), ("a", "y"), ("b", "y")]


def test_a_packed_file_is_known_by_its_content_and_not_by_its_name(file):
    packed = gzip.compress(b"a\tx\nb\ty\n")
    assert pairs_in(file(packed, "no-ending")) == [("a", "x"), ("b", "y")]
    assert pairs_in(file(b"a\tx\n", "plain.gz")) == [("a", "x")]


def test_a_file_packed_in_several_parts_is_read_to_its_end(file):
    assert pairs_in(file(gzip.compress(b"a\tx\n") + gzip.compress(b"b\ty\n"))) == [("a", "x"), ("b", "y")]


def test_ids_are_text_as_it_stands(file):
    content = " a b \tтовар 1\n007\t7\n7\tnaïve ☕\n"
    assert pairs_in(file(content)) == [(" a b ", "товар 1"), ("007", "7"), ("7", "naïve ☕")]


def test_other_line_ends_a_byte_order_mark_and_empty_lines_do_no_harm(file):
    assert pairs_in(file(b"\xef\xbb\xbfa\tx\r\n\r\nb\ty")) == [("a", "x"), ("b", "y")]


def test_lines_that_are_all_equal_are_one_pair(file):
    pairs = read_pairs(file("a\tx\n" * 50), "train")
    assert (len(pairs), pairs.repeated) == (1, 49)


def test_a_third_column_is_the_weight_and_of_equal_pairs_the_first_counts(file):
    pairs = read_pairs(file("a\tx\t2\na\ty\t0.5\na\tx\t9\n"), "train")
    assert pairs.weight is not None
    assert pairs.weight.tolist() == [2, 0.5]
    assert pairs.repeated == 1


def test_columns_after_the_third_are_counted_and_not_read(file):
    pairs = read_pairs(file("a\tx\t4\t881250949\tanything\nb\ty\t3\t881250950\t\n"), "train")
    assert (len(pairs), pairs.extra) == (2, 2)


@pytest.mark.parametrize("weight", ["-1", "0", "nan", "NaN", "inf", "-inf", "1e400", "many", "", " "])
def test_a_weight_that_is_no_number_above_zero_is_refused_with_its_line(file, weight):
    message = refused(file(f"a\tx\t1\nb\ty\t{weight}\n"))
    assert message.startswith("line 2: the weight")
    assert "not a number above 0" in message


@pytest.mark.parametrize("content", ["a\tx\nb\ty\t1\n", "a\tx\t1\nb\ty\n"])
def test_weights_in_some_lines_only_are_refused(file, content):
    assert refused(file(content)).startswith("line 2: a weight stands in some lines only")


@pytest.mark.parametrize(
    "content", ["", "\n\n", gzip.compress(b"", mtime=0)], ids=["empty", "blank lines", "empty gzip"]
)
def test_a_file_without_rows_is_refused(file, content):
    assert "holds no rows" in refused(file(content))


def test_a_line_without_a_tab_is_refused_with_what_stands_there(file):
    message = refused(file("a\tx\nuser,item\n"))
    assert message == "line 2: 'user,item' has no tab; give one user, a tab and one item a line"


@pytest.mark.parametrize(("content", "what"), [("\tx\n", "user"), ("a\t\n", "item")])
def test_an_empty_id_is_refused(file, content, what):
    assert refused(file(content)).startswith(f"line 1: the {what} '' is empty")


def test_text_in_another_encoding_is_refused(file):
    assert "not text in UTF-8" in refused(file("caf\xe9\tx\n".encode("latin-1")))
    assert "not text in UTF-8" in refused(file("a\tx\n".encode("utf-16")))


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_pairs_or_refused_in_one_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(content)
    said = "train: "
    try:
        read_pairs(path, "train")
    except Invalid as told:
        said = str(told)
    assert said.startswith("train: ")
    assert all(each.isprintable() for each in said)


def test_binary_rubbish_is_refused(file):
    assert refused(file(bytes(range(256)) * 20))
    assert refused(file(b"\x89PNG\r\n\x1a\n\x00\x00"))


@pytest.mark.parametrize("part", [slice(0, -9), slice(0, 12), slice(0, 2)], ids=["tail", "head", "mark"])
def test_a_broken_packed_file_is_refused(file, part):
    packed = gzip.compress(b"".join(b"%d\t%d\n" % (n, n * 7919 % 1000) for n in range(5000)))
    assert "damaged gzip file" in refused(file(packed[part]))


def test_packed_bytes_that_were_changed_are_refused(file):
    packed = bytearray(gzip.compress(b"".join(b"%d\t%d\n" % (n, n * 7919 % 1000) for n in range(5000))))
    packed[len(packed) // 2] ^= 0xFF
    assert refused(file(bytes(packed)))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "cannot be read: No such file" in refused(tmp_path / "nowhere", "test")
    assert "cannot be read: Is a directory" in refused(tmp_path)


def test_a_reader_is_told_of_every_byte_of_the_file(file):
    path = file(gzip.compress(b"".join(b"%d\t1\n" % n for n in range(120_000))))
    told = []
    read_pairs(path, "train", told.append)
    assert sum(told) == path.stat().st_size
    assert len(told) > 2


def test_pairs_become_purchases_that_models_can_learn_from(file):
    data = build_training_data(to_interactions(read_pairs(file("b\ty\t3\na\tx\t1\n"), "train")), ())
    assert (data.users.ids, data.items.ids) == (("a", "b"), ("x", "y"))
    assert data.owned.toarray().tolist() == [[True, False], [False, True]]
    assert np.allclose(data.weights.toarray(), [[1, 0], [0, 2]])  # log2(1 + weight)
    assert data.cutoff is None
