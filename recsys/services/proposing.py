"""From draft to release by more than one: an editor proposes, a publisher publishes, schedules or hands back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from recsys.domain.changes import publishable
from recsys.domain.errors import Conflict, Forbidden, Invalid, RecsysError
from recsys.domain.people import Actor, Permission, Role
from recsys.services.drafting import draft_in
from recsys.services.release_line import publish_in
from recsys.services.shop import Deed, Shop, acting, check_words
from recsys.storage.proposals import Proposal

WAITING = ("open", "scheduled", "returned", "failed")
"""Those that somebody still has to do with."""

_COMMANDS = {"published": "publish", "returned": "return", "withdrawn": "withdraw", "failed": "fail"}


def propose(shop: Shop, actor: Actor, change_ids: Collection[int], *, comment: str = "") -> Proposal:
    """Ask publishers to publish a selection of the draft's changes.

    Raises:
        Conflict: when selected changes left the draft.
        Invalid: when the selection is empty, leaves out what it needs, or holds a change in conflict.
    """
    comment = check_words(comment, "comment")
    with acting(shop, actor, Permission.EDIT) as deed:
        _check_publishable(deed, change_ids)
        made = deed.unit.proposals.add(actor.name, deed.at, change_ids, comment, None)
        deed.record("proposal.make", str(made.id), after=_content(made), comment=comment)
        return made


def schedule(
    shop: Shop, actor: Actor, change_ids: Collection[int], at: datetime, *, comment: str = ""
) -> Proposal:
    """Let a selection of the draft's changes be published at a moment (UTC) to come, as by the actor.

    Raises:
        Conflict, Invalid: as `propose`; and for a moment that has passed.
    """
    comment = check_words(comment, "comment")
    with acting(shop, actor, Permission.PUBLISH) as deed:
        if at <= deed.at:
            raise Invalid("publish_at", "has passed already; give a moment to come, or publish now")
        _check_publishable(deed, change_ids)
        made = deed.unit.proposals.add(actor.name, deed.at, change_ids, comment, at)
        deed.record("proposal.schedule", str(made.id), after=_content(made), comment=comment)
        _answered(deed, change_ids, made.id)
        return made


def hand_back(shop: Shop, actor: Actor, proposal_id: int, *, word: str) -> Proposal:
    """Give an open proposal back to its author, with what is to be done; its changes stay in the draft."""
    word = check_words(word, "word", required=True)
    with acting(shop, actor, Permission.PUBLISH) as deed:
        _waiting(deed, proposal_id, "open")
        return _end(deed, proposal_id, "returned", word=word)


def withdraw(shop: Shop, actor: Actor, proposal_id: int) -> Proposal:
    """End one that waits: one's own, or as a publisher anybody's. Its changes stay in the draft.

    Raises:
        Forbidden: when it is somebody else's.
        Conflict: when it was ended already.
    """
    with acting(shop, actor, Permission.EDIT) as deed:
        found = _waiting(deed, proposal_id, *WAITING)
        if found.author != actor.name and not actor.may(Permission.PUBLISH):
            raise Forbidden(f"This proposal is by {found.author}; ask them or a publisher.")
        return _end(deed, proposal_id, "withdrawn")


def waiting_proposals(shop: Shop) -> Sequence[Proposal]:
    """Those that somebody still has to do with, the oldest first; without those whose changes have all left the draft."""
    with shop.database.read() as unit:
        there = {change.id for change in unit.draft.changes()}
        found = unit.proposals.with_status(*WAITING)
        return [each for each in found if each.status == "failed" or there.intersection(each.changes)]


def proposal(shop: Shop, proposal_id: int) -> Proposal:
    """The proposal with that id; raises NotFound."""
    with shop.database.read() as unit:
        return unit.proposals.get(proposal_id)


def publish_due(shop: Shop) -> list[Proposal]:
    """Publish what is scheduled and due, each in a transaction of its own; what cannot be is marked with why.

    Whoever else does the same meanwhile publishes nothing twice.
    """
    with shop.database.read() as unit:
        due = unit.proposals.due(shop.clock())
    return [done for each in due if (done := _publish_one(shop, each)) is not None]


def settle_published(deed: Deed, change_ids: Collection[int], release: int) -> None:
    """After a publication: end the waiting proposals that it has left nothing of."""
    there = {change.id for change in deed.unit.draft.changes()}
    for each in deed.unit.proposals.with_status(*WAITING):
        if set(change_ids).intersection(each.changes) and not there.intersection(each.changes):
            _end(deed, each.id, "published", release=release)


def _publish_one(shop: Shop, planned: Proposal) -> Proposal | None:
    try:
        with acting(shop, _hand_of(shop, planned), Permission.PUBLISH) as deed:
            if deed.unit.proposals.get(planned.id).status != "scheduled":
                return None
            info = publish_in(deed, planned.changes, comment=planned.comment)
            settle_published(deed, planned.changes, info.number)
            return deed.unit.proposals.get(planned.id)
    except (Conflict, Invalid, Forbidden) as why:
        return _failed(shop, planned, why)


def _hand_of(shop: Shop, planned: Proposal) -> Actor:
    """Whoever scheduled it, with the role that they have now. Raises Forbidden when they may not sign in any more."""
    with shop.database.read() as unit:
        person = unit.people.find(planned.author)
    if person is None or not person.active:
        raise Forbidden(f"{planned.author}, who scheduled it, may no longer sign in.")
    return Actor(person.email, person.role)


def _failed(shop: Shop, planned: Proposal, why: RecsysError) -> Proposal | None:
    with shop.database.write() as unit:
        if unit.proposals.get(planned.id).status != "scheduled":
            return None
        # In the name of the scheduler, whatever they may do by now: it says what became of their plan.
        deed = Deed(unit, Actor(planned.author, Role.PUBLISHER), shop.clock())
        return _end(deed, planned.id, "failed", word=str(why))


def _check_publishable(deed: Deed, change_ids: Collection[int]) -> None:
    draft = draft_in(deed.unit)
    if not change_ids:
        raise Invalid("change", "choose at least one change")
    gone = set(change_ids) - {change.id for change in draft.changes}
    if gone:
        raise Conflict("Some of the selected changes are no longer in the draft; look at it again.")
    publishable(draft.live, draft.changes, change_ids)


def _answered(deed: Deed, change_ids: Collection[int], plan: int) -> None:
    """A plan takes up the open proposals whose changes it holds."""
    for each in deed.unit.proposals.with_status("open"):
        if set(each.changes) <= set(change_ids):
            _end(deed, each.id, "withdrawn", word=f"scheduled as {plan}")


def _waiting(deed: Deed, proposal_id: int, *statuses: str) -> Proposal:
    found = deed.unit.proposals.get(proposal_id)
    if found.status not in statuses:
        by = found.decided_by or ""
        raise Conflict(f"This proposal is {found.status} already.", theirs=found.status, by=by)
    return found


def _end(
    deed: Deed, proposal_id: int, status: str, *, word: str = "", release: int | None = None
) -> Proposal:
    before = deed.unit.proposals.get(proposal_id)
    ended = deed.unit.proposals.end(
        proposal_id, status, by=deed.actor.name, at=deed.at, word=word, release=release
    )
    deed.record(
        f"proposal.{_COMMANDS[status]}",
        str(proposal_id),
        before={"status": before.status},
        after={"status": status, "release": release},
        comment=word,
    )
    return ended


def _content(made: Proposal) -> dict[str, object]:
    moment = None if made.publish_at is None else made.publish_at.isoformat()
    return {"status": made.status, "changes": list(made.changes), "publish_at": moment}
