"""The quality gate: what a run must hold against the baseline and against the live run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recsys.models.selection import BASELINE, DECISIVE

KEEP = 0.9
"""A run may fall this far below the live one: week by week the same model varies by a few percent."""

MOST_EMPTY = 0.2
"""Share of shoppers who may be left without candidates although there is something new for them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was measured, the limit it is held against, and both in words; None where nothing could be measured."""

    name: str
    passed: bool
    value: float | None
    limit: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Gate:
    """All checks of a run; it passes where every one does."""

    passed: bool
    checks: tuple[Check, ...]


def check_run(
    metrics: Mapping[str, Any],
    facts: Mapping[str, Any],
    live_metrics: Mapping[str, Any] | None,
    live_facts: Mapping[str, Any] | None,
) -> Gate:
    """Hold a run's metrics and facts, as `run_batch` gives them, against the baseline and the live run's."""
    checks = (
        _beats_baseline(metrics),
        _keeps_quality(metrics, live_metrics),
        _keeps_reach(facts, live_facts),
        _few_empty(facts),
    )
    return Gate(all(check.passed for check in checks), checks)


def _decisive(metrics: Mapping[str, Any] | None) -> float | None:
    value = (metrics or {}).get("values", {}).get(DECISIVE)
    return None if value is None else float(value)


def _beats_baseline(metrics: Mapping[str, Any]) -> Check:
    name, value = "beats_popular", _decisive(metrics)
    baseline = [each["values"][DECISIVE] for each in metrics.get("models", ()) if each["model"] == BASELINE]
    if value is None or not baseline:
        return Check(name, True, None, None, "Not compared with popularity: nothing was measured.")
    limit = float(baseline[0])
    verb = "reaches" if value >= limit else "stays below"
    return Check(
        name, value >= limit, value, limit, f"{DECISIVE} of {value:.4f} {verb} the {limit:.4f} of popularity."
    )


def _keeps_quality(metrics: Mapping[str, Any], live: Mapping[str, Any] | None) -> Check:
    name, value, before = "keeps_quality", _decisive(metrics), _decisive(live)
    if value is None or before is None:
        return Check(
            name, True, value, None, "Not compared with a live run: there is none with a measurement."
        )
    limit = KEEP * before
    verb = "is at least" if value >= limit else "falls below"
    words = f"{DECISIVE} of {value:.4f} {verb} {KEEP:.0%} of the live run's {before:.4f}."
    return Check(name, value >= limit, value, limit, words)


def _keeps_reach(facts: Mapping[str, Any], live: Mapping[str, Any] | None) -> Check:
    name, value = "keeps_reach", float(facts["shoppers_with_candidates"])
    before = (live or {}).get("shoppers_with_candidates")
    if before is None:
        return Check(
            name,
            True,
            value,
            None,
            f"{value:,.0f} shoppers have candidates; there is no live run to compare.",
        )
    limit = KEEP * float(before)
    verb = "is at least" if value >= limit else "falls below"
    words = f"The number of shoppers with candidates, {value:,.0f}, {verb} {KEEP:.0%} of the live run's {before:,.0f}."
    return Check(name, value >= limit, value, limit, words)


def _few_empty(facts: Mapping[str, Any]) -> Check:
    shoppers, empty = facts["shoppers"] - facts["shoppers_exhausted"], facts["shoppers_empty"]
    share = empty / shoppers if shoppers else 0.0
    words = f"{empty:,} of {shoppers:,} shoppers for whom there is something new have no candidates."
    return Check("few_empty", share <= MOST_EMPTY, share, MOST_EMPTY, words)
