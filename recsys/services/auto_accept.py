"""Letting the quality gate accept runs, where the setting says so."""

from __future__ import annotations

from recsys.domain.people import OPERATOR
from recsys.services.releasing import accept_run
from recsys.services.shop import Shop
from recsys.storage.releases import ReleaseInfo
from recsys.storage.runs import RunInfo

COMMENT = "Accepted by the quality gate, which it passed (RECSYS_AUTO_ACCEPT=gate)."


def by_gate(shop: Shop) -> bool:
    """Whether runs that pass the gate go live by themselves."""
    return shop.settings.auto_accept == "gate"


def let_the_gate_decide(shop: Shop, run: RunInfo) -> ReleaseInfo | None:
    """Make a run that has just been trained live, if the setting says so and it passed; else None, and it waits.

    A run without a verdict of the gate waits: nobody has looked at it.
    """
    if not by_gate(shop) or run.status != "ready" or run.gate.get("passed") is not True:
        return None
    return accept_run(shop, OPERATOR, run.id, comment=COMMENT)
