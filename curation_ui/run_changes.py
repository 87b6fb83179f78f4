"""What accepting a run would change: for sample shoppers side by side, and over many in figures. Worked out once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from flask import current_app

from curation_ui import context
from curation_ui.i18n import gettext as _
from curation_ui.numbers import price_words
from curation_ui.surfaces.pairs import Pair, slate_pair
from recsys.domain.rules import RuleSet
from recsys.services.preview import Question, look_under
from recsys.services.run_comparison import DEPTH, Exposure, Group, RunComparison, compare_run, state_with_run
from recsys.services.samples import samples_of
from recsys.slates.state import LiveState
from recsys.storage.runs import RunInfo

SAMPLES = 4
KEPT = 16
_EXTENSION = "recsys-run-changes"
_STALE = timedelta(minutes=30)

Key = tuple[str, int | None, int | None]
"""The run, the live release, and the revision of the draft where its rules are meant."""


@dataclass(frozen=True, slots=True)
class RunChanges:
    """The figures, and a few shoppers' slates."""

    figures: RunComparison
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Some groups of items under one heading."""

    title: str
    lines: tuple[tuple[str, Exposure], ...]


@dataclass(slots=True)
class Remembered:
    """What was worked out lately in this process; one at a time is worked out."""

    _found: OrderedDict[Key, RunChanges] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Key, make: Callable[[], RunChanges]) -> RunChanges:
        """What is known under `key`, made where it is not known or half an hour old."""
        with self._lock:
            found = self._found.get(key)
            if found is None or context.now() - found.figures.at > _STALE:
                found = self._found[key] = make()
            self._found.move_to_end(key)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
            return found


def changes_of(run: RunInfo, *, drafted: bool) -> RunChanges:
    """What the run changes under the live rules, or under those of the draft.

    Raises:
        Unavailable: before the first release, and where the run's snapshot is not there or not whole.
    """
    remembered: Remembered = current_app.extensions.setdefault(_EXTENSION, Remembered())
    state, draft = context.state(), context.draft()
    rules = draft.rules if drafted else None
    key = (run.id, state.live_number, draft.revision if drafted else None)
    return remembered.get(key, lambda: _made(run, state, rules))


def _made(run: RunInfo, state: LiveState, rules: RuleSet | None) -> RunChanges:
    figures = compare_run(context.shop(), state, run, rules)
    return RunChanges(figures, tuple(_pairs(run, state, rules, figures)))


def _pairs(run: RunInfo, state: LiveState, rules: RuleSet | None, figures: RunComparison) -> Iterator[Pair]:
    """The same row before and after for a few shoppers of every activity."""
    shop, live = context.shop(), state.release
    if live is None:
        return
    extended, proposed = state_with_run(shop, state, run.id, rules)
    samples = samples_of(run)
    step = max(len(samples) // SAMPLES, 1)
    for each in samples[::step][:SAMPLES]:
        question = Question(surface=figures.surface, at=figures.at, user=each.user_id, limit=DEPTH)
        before = look_under(shop, state, question, live)
        after = look_under(shop, extended, question, proposed)
        yield slate_pair(before, after, state, each.user_id)


def sections(figures: RunComparison) -> list[Section]:
    """The groups of items as the page lists them."""
    parts = (
        (_("By price"), {"price", "unpriced"}),
        (_("By age"), {"new", "older", "undated"}),
        (_("By popularity"), {"head", "tail"}),
        (_("By tag: the ten with the most items"), {"tag"}),
    )
    found = [
        Section(
            title,
            tuple((group_words(each.group), each) for each in figures.exposures if each.group.kind in kinds),
        )
        for title, kinds in parts
    ]
    return [section for section in found if section.lines]


def group_words(group: Group) -> str:
    """What a group of items is called."""
    if group.kind == "tag":
        return group.name
    if group.kind == "price":
        low, high = (price_words(each, group.name or None) for each in (group.low, group.high))
        return _("%(low)s to %(high)s", low=low, high=high) if low else _("up to %(high)s", high=high)
    return {
        "unpriced": _("without a price"),
        "new": _("added in the last 30 days"),
        "older": _("older"),
        "undated": _("without a date"),
        "head": _("best-selling fifth of the catalog"),
        "tail": _("all the rest"),
    }[group.kind]


def points_words(each: Exposure) -> str:
    """How a share moved, in words: “3.1 points more”."""
    points = 100 * (each.after - each.before)
    if abs(points) < 0.05:
        return _("as before")
    if points > 0:
        return _("%(points).1f points more", points=points)
    return _("%(points).1f points less", points=-points)
