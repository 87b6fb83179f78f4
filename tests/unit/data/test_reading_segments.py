from __future__ import annotations

import pytest

from recsys.data.report import Report
from recsys.data.segments import read_segments
from recsys.domain.errors import Invalid


def test_a_shopper_may_stand_in_several_segments(write):
    path = write("x.csv", "user_id,segment\nu,vip\nu,new\nv,vip\n")
    assert list(read_segments(path, Report(), chunk_rows=2)) == [[("u", "vip"), ("u", "new")], [("v", "vip")]]


def test_bad_rows_are_reported_and_the_good_ones_kept(write):
    report = Report()
    batches = list(read_segments(write("x.csv", "user_id,segment\nu,\n,vip\nv,vip\n"), report))
    assert batches == [[("v", "vip")]]
    assert [(bad.line, bad.field) for bad in report.details] == [(2, "segment"), (3, "user_id")]


def test_strict_refuses_the_whole_file_for_one_bad_row(write):
    with pytest.raises(Invalid, match="nothing was imported"):
        list(read_segments(write("x.csv", "user_id,segment\nu,\nv,vip\n"), Report(), strict=True))
