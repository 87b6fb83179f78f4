"""Figures that others have published for a fixed split, and where they stand."""

from __future__ import annotations

from typing import Final, NamedTuple


class Published(NamedTuple):
    """One row of somebody else's table."""

    method: str
    recall: float
    ndcg: float
    source: str


BARS: Final = "BARS leaderboard, gowalla_m1 (https://openbenchmark.github.io/BARS)"
INTENT: Final = "IntentAwareRS results (https://github.com/RecSysEvaluation/IntentAwareRS)"
NESCL: Final = "README of the NESCL repository; paper: https://arxiv.org/abs/2402.11523"

GOWALLA: Final = (
    Published("BSPM-EM", 0.1920, 0.1597, NESCL),
    Published("NESCL", 0.1917, 0.1617, NESCL),
    Published("SimpleX", 0.1872, 0.1557, BARS),
    Published("UltraGCN", 0.1862, 0.1580, BARS),
    Published("GF-CF", 0.1849, 0.1518, BARS),
    Published("RP3beta", 0.1829, 0.1520, INTENT),
    Published("LightGCN", 0.1820, 0.1547, BARS),
    Published("EASE", 0.1765, 0.1467, BARS),
    Published("EASE", 0.1633, 0.1350, INTENT),
    Published("most popular", 0.0416, 0.0317, INTENT),
)
"""Recall@20 and NDCG@20, all unseen items ranked. Two sources differ on EASE; both stand here."""
