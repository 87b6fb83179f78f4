"""Replaying audit entries to the state that they tell of.

An entry's command says which of the few transitions below it is; its payloads are plain JSON values,
so that history written by an older version is still read. Commands that do not touch the draft, the
proposals, the releases or the takedowns are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Json = Any
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Recorded:
    """What replay reads of an audit entry."""

    id: int
    command: str
    target: str
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """A release: its run, and its rules' contents with the release that first published each."""

    run_id: str | None
    rules: Mapping[str, tuple[Json, int]]


@dataclass(frozen=True, slots=True)
class State:
    """What the desk's history adds up to."""

    draft: Mapping[int, Mapping[str, Json]] = field(default_factory=dict)
    releases: Mapping[int, ReleaseState] = field(default_factory=dict)
    live: int | None = None
    takedowns: frozenset[str] = frozenset()
    proposals: Mapping[int, str] = field(default_factory=dict)


def replay(entries: Iterable[Recorded]) -> State:
    """The state after `entries`, taken in the order of their ids."""
    state = State()
    for entry in sorted(entries, key=lambda each: each.id):
        step = _STEPS.get(entry.command)
        if step is not None:
            state = step(state, entry)
    return state


def _drafted(state: State, entry: Recorded) -> State:
    change = dict(entry.after or {})
    return replace(state, draft={**state.draft, int(change["id"]): change})


def _undone(state: State, entry: Recorded) -> State:
    gone = int((entry.before or {})["id"])
    return replace(state, draft={i: change for i, change in state.draft.items() if i != gone})


def _published(state: State, entry: Recorded) -> State:
    after = entry.after or {}
    number, chosen = int(after["number"]), {int(each) for each in after["changes"]}
    current = state.releases.get(state.live or 0, ReleaseState(None, {}))
    rules = dict(current.rules)
    for change_id in sorted(chosen):
        change = state.draft[change_id]
        rules.pop(change["rule_id"], None)
        if change["after"] is not None:
            rules[change["rule_id"]] = (change["after"], number)
    rules = {key: _first_published(current, key, value) for key, value in rules.items()}
    draft = {i: change for i, change in state.draft.items() if i not in chosen}
    return _release(replace(state, draft=draft), number, ReleaseState(current.run_id, rules))


def _first_published(current: ReleaseState, key: str, value: tuple[Json, int]) -> tuple[Json, int]:
    """A change that ends where it began keeps the publication of the content."""
    standing = current.rules.get(key)
    return standing if standing is not None and standing[0] == value[0] else value


def _accepted(state: State, entry: Recorded) -> State:
    after = entry.after or {}
    current = state.releases.get(state.live or 0, ReleaseState(None, {}))
    return _release(state, int(after["number"]), replace(current, run_id=after["run_id"]))


def _rolled_back(state: State, entry: Recorded) -> State:
    after = entry.after or {}
    current, old = state.releases[state.live or 0], state.releases[int(after["to"])]
    what = after["what"]
    restored = ReleaseState(
        old.run_id if what in {"both", "run"} else current.run_id,
        old.rules if what in {"both", "rules"} else current.rules,
    )
    return _release(state, int(after["number"]), restored)


def _release(state: State, number: int, release: ReleaseState) -> State:
    return replace(state, releases={**state.releases, number: release}, live=number)


def _taken_down(state: State, entry: Recorded) -> State:
    return replace(state, takedowns=state.takedowns | {entry.target})


def _lifted(state: State, entry: Recorded) -> State:
    return replace(state, takedowns=state.takedowns - {entry.target})


def _proposed(state: State, entry: Recorded) -> State:
    status = str((entry.after or {})["status"])
    return replace(state, proposals={**state.proposals, int(entry.target): status})


_STEPS = {
    "draft.change": _drafted,
    "draft.undo": _undone,
    "release.publish": _published,
    "release.accept": _accepted,
    "release.rollback": _rolled_back,
    "proposal.make": _proposed,
    "proposal.schedule": _proposed,
    "proposal.publish": _proposed,
    "proposal.return": _proposed,
    "proposal.withdraw": _proposed,
    "proposal.fail": _proposed,
    "takedown.add": _taken_down,
    "takedown.lift": _lifted,
}
