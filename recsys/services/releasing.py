"""Publishing, accepting and rejecting runs, rolling back; and reading the line of releases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Literal

from recsys.domain.diff import RuleDifference, diff_rules
from recsys.domain.errors import Invalid, NotFound
from recsys.domain.people import Actor, Permission
from recsys.domain.rules import RuleSet
from recsys.services.proposing import settle_published
from recsys.services.pruning import check_kept
from recsys.services.release_line import append, check_live, next_release, publish_in
from recsys.services.seeding import seed_in
from recsys.services.shop import Deed, Shop, acting, check_words
from recsys.storage.releases import ReleaseInfo
from recsys.storage.runs import RunInfo

Restored = Literal["both", "rules", "run"]


def publish(
    shop: Shop,
    actor: Actor,
    change_ids: Collection[int],
    *,
    comment: str = "",
    expected_release: int | None = None,
) -> ReleaseInfo:
    """Publish a selection of the draft's changes; the rest stays in the draft, on top of the new release.

    Raises:
        Conflict: when selected changes left the draft, or, where `expected_release` is given, another
            release is live by now.
        Invalid: when the selection leaves out what it needs, or holds a change in conflict.
    """
    comment = check_words(comment, "comment")
    with acting(shop, actor, Permission.PUBLISH) as deed:
        info = publish_in(deed, change_ids, comment=comment, expected=expected_release)
        settle_published(deed, change_ids, info.number)
        return info


def accept_run(
    shop: Shop,
    actor: Actor,
    run_id: str,
    *,
    comment: str = "",
    despite_gate: bool = False,
    expected_release: int | None = None,
) -> ReleaseInfo:
    """Make a ready run the live one, with the rules as they are.

    A run that failed the gate needs `despite_gate` and a comment that says why. In a shop without any
    release the default surfaces are published first.

    Raises:
        NotFound: for an unknown run.
        Invalid: when the run is not ready, or failed the gate.
        Conflict: when `expected_release` is given and another release is live by now.
    """
    comment = check_words(comment, "comment")
    with acting(shop, actor, Permission.PUBLISH) as deed:
        run = _ready(deed, run_id)
        _check_gate(run, comment, despite_gate)
        check_live(deed, deed.unit.state.pointer().release, expected_release)
        rules = deed.unit.releases.rules(seed_in(deed).number)
        info = next_release(deed, kind="accept", run_id=run_id, comment=comment)
        append(deed, info, rules)
        deed.unit.runs.update(replace(run, status="accepted"))
        after = {"number": info.number, "run_id": run_id, "despite_gate": despite_gate}
        deed.record("release.accept", str(info.number), after=after, comment=comment)
        return info


def reject_run(shop: Shop, actor: Actor, run_id: str, *, reason: str) -> RunInfo:
    """Put a ready run aside, with the reason."""
    reason = check_words(reason, "reason", required=True)
    with acting(shop, actor, Permission.PUBLISH) as deed:
        run = replace(_ready(deed, run_id), status="rejected", error=reason)
        deed.unit.runs.update(run)
        deed.record("run.reject", run_id, comment=reason)
        return run


def roll_back(
    shop: Shop,
    actor: Actor,
    number: int,
    *,
    what: Restored = "both",
    comment: str = "",
    expected_release: int | None = None,
) -> ReleaseInfo:
    """Make a new release with the content of release `number`: its rules, its run or both.

    Rules keep the publication they had; takedowns stand.

    Raises:
        NotFound: for an unknown release.
        Invalid: when it is live already, or has no run to go back to.
        Conflict: when `expected_release` is given and another release is live by now.
    """
    comment = check_words(comment, "comment")
    with acting(shop, actor, Permission.PUBLISH) as deed:
        live = _live(deed)
        check_live(deed, live.number, expected_release)
        old = deed.unit.releases.info(number)
        _check_way_back(live, old, what)
        run_id = live.run_id if what == "rules" else old.run_id
        if run_id is not None:
            check_kept(deed.unit, run_id)
        rules = deed.unit.releases.rules(live.number if what == "run" else number)
        info = next_release(deed, kind="rollback", run_id=run_id, comment=comment)
        info = replace(info, from_release=number, restored=what)
        append(deed, info, rules)
        after = {"number": info.number, "to": number, "what": what}
        deed.record("release.rollback", str(info.number), after=after, comment=comment)
        return info


def releases(shop: Shop, limit: int = 50) -> list[ReleaseInfo]:
    """The last releases, newest first; the first of them is live."""
    with shop.database.read() as unit:
        return unit.releases.newest(limit)


def release(shop: Shop, number: int) -> ReleaseInfo:
    """Release `number`; raises NotFound."""
    with shop.database.read() as unit:
        return unit.releases.info(number)


def release_rules(shop: Shop, number: int) -> RuleSet:
    """The rules of release `number`; raises NotFound."""
    with shop.database.read() as unit:
        unit.releases.info(number)
        return unit.releases.rules(number)


def compare(shop: Shop, before: int, after: int) -> list[RuleDifference]:
    """How the rules of release `after` differ from those of release `before`."""
    return diff_rules(release_rules(shop, before), release_rules(shop, after))


def _ready(deed: Deed, run_id: str) -> RunInfo:
    run = deed.unit.runs.get(run_id)
    if run.status != "ready":
        raise Invalid(
            "run", f"{run_id} is {run.status}; only a run that is ready can be accepted or rejected"
        )
    check_kept(deed.unit, run_id)
    return run


def _check_gate(run: RunInfo, comment: str, despite_gate: bool) -> None:
    if run.gate.get("passed", True):
        return
    if not despite_gate:
        raise Invalid("run", f"{run.id} did not pass the quality gate: {_failures(run.gate)}")
    if not comment:
        raise Invalid("comment", "say why the run is accepted although it did not pass the quality gate")


def _failures(gate: Mapping[str, Any]) -> str:
    return " ".join(str(check["words"]) for check in gate.get("checks", ()) if not check["passed"])


def _live(deed: Deed) -> ReleaseInfo:
    number = deed.unit.state.pointer().release
    if number is None:
        raise NotFound("release", "Nothing is published yet, so there is nothing to roll back.")
    return deed.unit.releases.info(number)


def _check_way_back(live: ReleaseInfo, old: ReleaseInfo, what: Restored) -> None:
    if what not in {"both", "rules", "run"}:
        raise Invalid("what", "say both, rules or run")
    if old.number == live.number:
        raise Invalid("release", f"{old.number} is live already")
    if what == "run" and old.run_id is None:
        raise Invalid("release", f"{old.number} carried no run; roll back its rules")
