"""The page of a run that waits says what accepting it would change."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
from support.desk import DeskUnderTest

from curation_ui.app import create_app
from recsys.batch.measured import Measured, write_measured
from recsys.domain.errors import Unavailable
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import Role
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.object_store import ObjectStore
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.run_figures import measured_file


def text_of(visitor, address, **options):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", visitor.get(address, **options).text)).split())


def test_the_page_of_a_run_fetches_its_changes_as_a_part(shared_desk, visitors):
    assert 'hx-get="/runs/run-2/changes"' in visitors[Role.EDITOR].get("/runs/run-2").text
    assert "/runs/run-1/changes" not in visitors[Role.EDITOR].get("/runs/run-1").text, (
        "what is live changes nothing"
    )
    part = visitors[Role.EDITOR].get("/runs/run-2/changes", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    said = text_of(visitors[Role.EDITOR], "/runs/run-2/changes")
    for words in ("Stays on a slate", "95 % interval", "6 sample shoppers of the run", "Items shown to anybody",
                  "best-selling fifth", "up to ", "Shopper ann", "green"):  # fmt: skip
        assert words in said, words


def test_the_draft_is_looked_at_once_there_is_one(desk, editor):
    assert "With the draft" not in text_of(editor, "/runs/run-2/changes")
    pin = Pin(id=RuleId("pin-new"), slot=1, item_id=ItemId("i22"), scope=Scope(surface="home"))
    put_rule(desk.shop, desk.actor(Role.EDITOR), pin, expected=rule_token(read_draft(desk.shop), pin.id))
    assert "This run with the draft" in text_of(editor, "/runs/run-2/changes?rules=draft")
    live = text_of(editor, "/runs/run-2/changes")
    assert "With the draft" in live
    assert "This run with the draft" not in live


def test_a_run_whose_snapshot_is_gone_says_so_on_a_page_that_works(desk, editor):
    (desk.shop.settings.snapshots_dir / "run-2").rename(desk.shop.settings.snapshots_dir / "away")
    answer = editor.get("/runs/run-2/changes")
    assert answer.status_code == 200
    assert "The snapshot of run run-2 is not there" in answer.text


def test_metrics_have_intervals_where_both_runs_kept_figures_by_shopper(desk, editor):
    assert "No intervals: one of the two runs has no record" in text_of(editor, "/runs/run-2")
    hashes = np.arange(4, dtype=np.uint64)
    for run, figures in (("run-1", [0.1, 0.2, 0.3, 0.4]), ("run-2", [0.2, 0.3, 0.5, 0.6])):
        values = {"ndcg@20": np.array(figures, np.float32)}
        write_measured(measured_file(desk.shop.settings, run), Measured(hashes, hashes, values))
    said = text_of(editor, "/runs/run-2")
    # Differences .1, .1, .2, .2: mean .15, s = .0577, standard error .0289.
    assert "+0.1500 +0.0934 to +0.2066" in said
    assert "Paired over 4 shoppers measured in both runs" in said


def test_a_store_that_is_away_costs_the_intervals_and_not_the_page(desk, monkeypatch):
    monkeypatch.setattr(ObjectStore, "read", _away)
    shop = replace(desk.shop, settings=replace(desk.shop.settings, store_url="file:///nowhere"))
    other = DeskUnderTest(create_app(shop, desk.live), shop, desk.live).signed_in(Role.VIEWER)
    assert "No intervals for now. The storage is away." in text_of(other, "/runs/run-2")


def _away(*_):
    raise Unavailable("The storage is away.")


def test_the_page_says_whether_the_gate_accepts_runs(desk, editor):
    assert "only when a person accepts it" in text_of(editor, "/runs")
    shop = replace(desk.shop, settings=replace(desk.shop.settings, auto_accept="gate"))
    other = DeskUnderTest(create_app(shop, desk.live), shop, desk.live).signed_in(Role.VIEWER)
    assert "One that passes the quality gate goes live by itself" in text_of(other, "/runs")
