"""Themes out to CSV and in again on the desk: looked at first, then brought in as one step."""

from __future__ import annotations

import html
import io
import re

import pytest

from recsys.data.rule_sheets import MAX_BYTES
from recsys.services.drafting import read_draft


def drafted(desk):
    return read_draft(desk.shop).rules


def upload(visitor, data: bytes):
    form = {"file": (io.BytesIO(data), "themes.csv"), "csrf_token": visitor.token()}
    return visitor.client.post("/themes/import", data=form, content_type="multipart/form-data")


def text(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_what_is_exported_is_looked_at_brought_in_and_undone(desk, editor) -> None:
    exported = editor.get("/themes/export")
    assert exported.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert exported.headers["Content-Disposition"] == 'attachment; filename="themes.csv"'
    before = drafted(desk)
    header, line = exported.text.splitlines()
    data = "\n".join([header, line.replace("Tea time", "Tea for two"), line.replace("tea-time", "more-tea")])
    page = upload(editor, data.encode())
    assert "1 new theme, 1 changed, 0 as they are already" in text(page)
    assert "Tea for two tea-time, " in text(page)
    assert drafted(desk) == before
    sent = re.search(r'name="data" value="([^"]+)"', page.text)[1]
    assert 'action="/themes/import/apply"' in page.text
    done = editor.post("/themes/import/apply", {"data": sent}, follow_redirects=True).text
    assert "Brought 2 themes into the draft." in done
    assert drafted(desk).theme("tea-time").title == "Tea for two"
    assert drafted(desk).theme("more-tea") is not None
    editor.post(html.unescape(re.search(r'action="(/rules/undo[^"]+)"', done)[1]))
    assert drafted(desk) == before


def test_a_damaged_file_is_told_line_by_line_and_changes_nothing(desk, editor) -> None:
    before = drafted(desk)
    answer = upload(
        editor, b"slug,title,order\nboats,Boats,model\nkites,,odd\nimport,<script>alert(1)</script>,\n"
    )
    assert answer.status_code == 422
    assert "2 lines cannot be themes" in text(answer)
    assert "3 title is required" in text(answer)
    assert "3 order “odd” is none of by_hand, model, head_then_model" in text(answer)
    assert "4 slug “import” is an address of the desk itself; choose another" in text(answer)
    assert 'name="data"' not in answer.text
    assert "<script>alert(1)" not in answer.text
    assert drafted(desk) == before


def test_a_title_that_is_a_script_is_text_in_the_look(editor) -> None:
    page = upload(editor, b"slug,title\nboats,<script>alert(1)</script>\n").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Choose a file that is not empty."),
        (b"x" * (MAX_BYTES + 1), "is larger than 1,024 KB"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is not UTF-8 text"),
        (b"kind,slot\npin,1\n", "has no column “slug”"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(editor, data, said) -> None:
    answer = upload(editor, data)
    assert answer.status_code == 422
    assert said in text(answer)


def test_what_did_not_arrive_whole_or_is_more_than_the_desk_takes_is_not_brought_in(desk, editor) -> None:
    before = drafted(desk)
    assert editor.post("/themes/import/apply", {"data": "@@@"}).status_code == 422
    assert editor.post("/themes/import/apply", {"data": ""}).status_code == 422
    assert upload(editor, b"slug,title\n" + b"x" * (3 * 1024 * 1024)).status_code == 413
    assert drafted(desk) == before


def test_no_new_theme_takes_an_address_of_the_desk(desk, editor) -> None:
    answer = editor.post("/themes", {"title": "Export"})
    assert answer.status_code == 422
    assert "“export” is an address of the desk itself" in text(answer)
    assert drafted(desk).theme("export") is None
