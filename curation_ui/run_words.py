"""A run's record in words: its metrics beside another run's, and the checks that it had to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation_ui.i18n import gettext as _
from recsys.storage.runs import RunInfo

STATUS_TONES: Mapping[str, str] = {
    "training": "",
    "ready": "warn",
    "failed": "bad",
    "accepted": "good",
    "rejected": "",
}
_NOT_BETTER_WHEN_HIGHER = frozenset({"gini", "gini@20"})


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model's metrics on the validation part; `values` follow the names of the table."""

    model: str
    values: Sequence[float | None]
    chosen: bool


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """What every model reached, the best first, and the live run's figures."""

    names: Sequence[str]
    lines: Sequence[ModelLine]
    live: Sequence[float | None]
    differences: Sequence[float | None]
    """How far the run's chosen model is from the live run, by metric."""


def leaderboard(run: RunInfo, live: RunInfo | None) -> Leaderboard:
    """The run's metrics as a table beside the live run's."""
    models = list(run.metrics.get("models", ()))
    chosen, decisive = run.metrics.get("winner", run.model), run.metrics.get("decisive", "")
    names = list(dict.fromkeys(name for each in models for name in each.get("values", {})))
    names.sort(key=lambda name: name != decisive)
    models.sort(key=lambda each: -float(each.get("values", {}).get(decisive) or 0))
    lines = [
        ModelLine(each["model"], _pick(each.get("values", {}), names), each["model"] == chosen)
        for each in models
    ]
    before = _pick((live.metrics if live else {}).get("values", {}), names)
    own = _pick(run.metrics.get("values", {}), names)
    return Leaderboard(names, lines, before, [_minus(a, b) for a, b in zip(own, before, strict=True)])


def decisive(run: RunInfo | None) -> tuple[str, float | None]:
    """The metric that chose the model, and what the run reached in it."""
    if run is None:
        return "", None
    name = str(run.metrics.get("decisive", ""))
    value = run.metrics.get("values", {}).get(name)
    return name, None if value is None else float(value)


def metric_words(name: str) -> str:
    """What a metric says, in one sentence for people who do not rank for a living."""
    base = name.partition("@")[0]
    return {
        "recall": _("Share of what shoppers went on to buy that was among the recommendations."),
        "precision": _("Share of the recommendations that were bought."),
        "ndcg": _("As recall, counting more what stands further up."),
        "map": _("Mean of the precision at each purchase."),
        "mrr": _("How far up the first purchase stands: 1 is the first place."),
        "hit_rate": _("Share of shoppers with at least one purchase among the recommendations."),
        "coverage": _("Share of the catalog that is recommended to anybody."),
        "novelty": _("How little known the recommended items are."),
        "diversity": _("How different the items of one slate are from each other."),
        "gini": _("How unevenly items are shown: 0 is even."),
        "long_tail": _("Share of what is shown that is not among the best sellers."),
    }.get(base, "")


def tone(name: str, difference: float | None) -> str:
    """Whether a difference is good or bad news; small ones are neither."""
    if difference is None or abs(difference) < 0.0005:
        return "muted"
    better = (difference > 0) != (name in _NOT_BETTER_WHEN_HIGHER)
    return "good" if better else "bad"


def status_words(status: str) -> str:
    """A run's status for people."""
    return {
        "training": _("training"),
        "ready": _("waits for review"),
        "failed": _("failed"),
        "accepted": _("accepted"),
        "rejected": _("rejected"),
    }.get(status, status)


def fact_lines(facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The run's plain figures with their words, in the order of the record."""
    return [
        (name.replace("_", " "), value)
        for name, value in facts.items()
        if isinstance(value, int | float | str)
    ]


def _pick(values: Mapping[str, Any], names: Sequence[str]) -> list[float | None]:
    return [None if values.get(name) is None else float(values[name]) for name in names]


def _minus(value: float | None, before: float | None) -> float | None:
    return None if value is None or before is None else value - before
