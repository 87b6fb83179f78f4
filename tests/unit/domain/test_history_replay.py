"""Audit entries told again give the state that they tell of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recsys.domain.history import Recorded, ReleaseState, State, replay

A1, A2 = {"kind": "pin", "slot": 1}, {"kind": "pin", "slot": 2}


def told(*entries: tuple[str, str, dict | None, dict | None]) -> State:
    return replay(Recorded(number, *entry) for number, entry in enumerate(entries, start=1))


def drafted(number: int, rule: str, before: object, after: object) -> tuple[str, str, None, dict]:
    return "draft.change", rule, None, {"id": number, "rule_id": rule, "before": before, "after": after}


def published(number: int, *changes: int) -> tuple[str, str, None, dict]:
    return "release.publish", str(number), None, {"number": number, "changes": list(changes)}


def accepted(number: int, run: str) -> tuple[str, str, None, dict]:
    return "release.accept", run, None, {"number": number, "run_id": run}


def rolled_back(number: int, to: int, what: str) -> tuple[str, str, None, dict]:
    return "release.rollback", str(number), None, {"number": number, "to": to, "what": what}


def test_nothing_recorded_is_the_empty_state() -> None:
    assert told() == State()


def test_publishing_takes_the_selected_changes_out_of_the_draft_and_into_a_release() -> None:
    state = told(drafted(1, "a", None, A1), drafted(2, "b", None, A2), published(1, 1))
    assert state.live == 1
    assert state.releases[1] == ReleaseState(None, {"a": (A1, 1)})
    assert set(state.draft) == {2}


def test_an_undone_change_is_gone() -> None:
    undo = ("draft.undo", "a", {"id": 1}, None)
    assert told(drafted(1, "a", None, A1), undo).draft == {}


def test_a_removed_rule_is_in_no_later_release_and_stays_in_the_earlier() -> None:
    state = told(drafted(1, "a", None, A1), published(1, 1), drafted(2, "a", A1, None), published(2, 2))
    assert state.releases[2].rules == {}
    assert state.releases[1].rules == {"a": (A1, 1)}


def test_content_keeps_the_release_that_first_published_it() -> None:
    steps = [drafted(1, "a", None, A1), published(1, 1), drafted(2, "a", A1, A2), drafted(3, "a", A2, A1)]
    assert told(*steps, published(2, 2, 3)).releases[2].rules == {"a": (A1, 1)}
    assert told(*steps[:3], published(2, 2)).releases[2].rules == {"a": (A2, 2)}


def test_accepting_a_run_keeps_the_rules_and_publishing_keeps_the_run() -> None:
    state = told(accepted(1, "run-1"), drafted(1, "a", None, A1), published(2, 1), accepted(3, "run-2"))
    assert state.releases[2] == ReleaseState("run-1", {"a": (A1, 2)})
    assert state.releases[3] == ReleaseState("run-2", {"a": (A1, 2)})


def test_rolling_back_makes_a_new_release_with_the_old_rules_run_or_both() -> None:
    steps = [accepted(1, "run-1"), drafted(1, "a", None, A1), published(2, 1), accepted(3, "run-2")]
    assert told(*steps, rolled_back(4, 1, "both")).releases[4] == ReleaseState("run-1", {})
    assert told(*steps, rolled_back(4, 1, "rules")).releases[4] == ReleaseState("run-2", {})
    assert told(*steps, rolled_back(4, 1, "run")).releases[4] == ReleaseState("run-1", {"a": (A1, 2)})
    assert told(*steps, rolled_back(4, 1, "both")).live == 4


def test_a_roll_back_leaves_takedowns_and_the_draft_alone() -> None:
    steps = [
        accepted(1, "run-1"),
        ("takedown.add", "t1", None, {}),
        drafted(1, "a", None, A1),
        accepted(2, "run-2"),
    ]
    state = told(*steps, rolled_back(3, 1, "both"))
    assert state.takedowns == {"t1"}
    assert set(state.draft) == {1}


def test_only_lifting_ends_a_takedown() -> None:
    add, lift = ("takedown.add", "t1", None, {}), ("takedown.lift", "t1", {}, None)
    assert told(add).takedowns == {"t1"}
    assert told(add, lift).takedowns == frozenset()


def test_entries_about_other_things_are_passed_over() -> None:
    assert (
        told(("person.add", "ann@example.org", None, {"role": "editor"}), ("key.revoke", "k", {}, None))
        == State()
    )


@given(st.permutations(range(4)))
def test_entries_are_taken_in_the_order_of_their_ids(order: list[int]) -> None:
    steps = [drafted(1, "a", None, A1), published(1, 1), drafted(2, "a", A1, A2), published(2, 2)]
    entries = [Recorded(number, *entry) for number, entry in enumerate(steps, start=1)]
    assert replay(entries[place] for place in order) == replay(entries)


def test_replay_leaves_the_entries_as_they_were() -> None:
    entry = Recorded(1, *drafted(1, "a", None, A1))
    replay([entry]).draft[1]["rule_id"] = "changed"
    assert entry.after["rule_id"] == "a"
