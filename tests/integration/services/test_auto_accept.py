"""The gate accepts runs where the setting says so, and never one that did not pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recsys.domain.people import OPERATOR
from recsys.services.auditing import entries
from recsys.services.auto_accept import COMMENT, let_the_gate_decide
from recsys.services.runs import find_run, live_run
from tests.integration.shops import add_run


def set_to(shop, value):
    return replace(shop, settings=replace(shop.settings, auto_accept=value))


def test_a_run_that_passes_goes_live_with_an_entry_by_the_operator(shop):
    release = let_the_gate_decide(set_to(shop, "gate"), add_run(shop, "good"))
    assert (release.run_id, live_run(shop).id, find_run(shop, "good").status) == ("good", "good", "accepted")
    entry = entries(shop, command="release.accept")[0]
    assert (entry.actor, entry.comment, entry.after["run_id"]) == (OPERATOR.name, COMMENT, "good")


@pytest.mark.parametrize("gate", [{"passed": False, "checks": []}, {}, {"passed": None}])
def test_a_run_that_did_not_pass_or_has_no_verdict_waits(shop, gate):
    run = replace(add_run(shop, "bad"), gate=gate)
    assert let_the_gate_decide(set_to(shop, "gate"), run) is None
    assert live_run(shop) is None
    assert find_run(shop, "bad").status == "ready"


def test_every_run_waits_unless_the_setting_says_otherwise(shop):
    assert shop.settings.auto_accept == "off"
    assert let_the_gate_decide(shop, add_run(shop, "good")) is None
    assert find_run(shop, "good").status == "ready"


def test_a_run_that_failed_waits_for_nothing(shop):
    failed = add_run(shop, "failed", status="failed")
    assert let_the_gate_decide(set_to(shop, "gate"), failed) is None
