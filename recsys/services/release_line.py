"""The steps that make a release, within a use case's transaction."""

from __future__ import annotations

from collections.abc import Collection

from recsys.domain.changes import publishable
from recsys.domain.errors import Conflict
from recsys.domain.rules import RuleSet
from recsys.services.drafting import Draft, draft_in
from recsys.services.shop import Deed
from recsys.storage.releases import ReleaseInfo


def publish_in(
    deed: Deed,
    change_ids: Collection[int],
    *,
    comment: str,
    kind: str = "publish",
    expected: int | None = None,
) -> ReleaseInfo:
    """A release that carries the selected changes on top of the live one."""
    draft = draft_in(deed.unit)
    check_live(deed, draft.live_number, expected)
    _check_still_there(draft, change_ids)
    rules = publishable(draft.live, draft.changes, change_ids)
    info = next_release(deed, kind=kind, run_id=draft.run_id, comment=comment)
    append(deed, info, rules.published_as(info.number))
    chosen = sorted(set(change_ids))
    deed.unit.draft.remove(chosen)
    deed.record(
        "release.publish", str(info.number), after={"number": info.number, "changes": chosen}, comment=comment
    )
    return info


def next_release(deed: Deed, *, kind: str, run_id: str | None, comment: str) -> ReleaseInfo:
    """The next release of the line, not yet written."""
    number = deed.unit.releases.next_number()
    return ReleaseInfo(number, kind, run_id, deed.actor.name, deed.at, comment)


def append(deed: Deed, info: ReleaseInfo, rules: RuleSet) -> None:
    """Write a release and make it the live one; the draft rebases onto it."""
    deed.unit.releases.add(info, rules)
    deed.unit.state.move_live(info.number)
    deed.unit.state.bump_draft()


def check_live(deed: Deed, live: int | None, expected: int | None) -> None:
    """Raise Conflict when `expected` is given and another release is live by now."""
    if expected is None or live == expected:
        return
    by = "" if live is None else deed.unit.releases.info(live).author
    raise Conflict(
        f"Release {live} went live meanwhile, by {by}; look at the difference again.",
        theirs=live,
        yours=expected,
        by=by,
    )


def _check_still_there(draft: Draft, change_ids: Collection[int]) -> None:
    gone = set(change_ids) - {change.id for change in draft.changes}
    if gone:
        raise Conflict(
            "Some of the selected changes are no longer in the draft: they were published or undone "
            "meanwhile; look at the difference again.",
            yours=sorted(gone),
        )
