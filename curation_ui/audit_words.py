"""Audit entries in sentences, and their payloads field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from curation_ui import context, moments, words
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from recsys.domain.errors import RecsysError
from recsys.domain.rules import AnyRule
from recsys.domain.selectors import Target
from recsys.storage.audit import AuditEntry
from recsys.storage.codec import decode_rule, decode_target

Payload = Mapping[str, Any]


class Line(NamedTuple):
    """One field of a payload, before and after."""

    label: str
    before: str
    after: str


def entry_words(entry: AuditEntry) -> str:
    """What was done, as the end of a sentence that begins with a name."""
    say = _SENTENCES.get(entry.command)
    if say is None:
        return _("did %(command)s on %(target)s", command=entry.command, target=entry.target)
    try:
        return say(entry)
    except (RecsysError, KeyError, TypeError, ValueError):
        # History of an older or newer version is still told, in the plainest form.
        return _("did %(command)s on %(target)s", command=entry.command, target=entry.target)


def payload_words(entry: AuditEntry) -> list[Line]:
    """What the entry says stood before and after, field by field; the rule itself where it tells of one."""
    before, after = _content(entry.before), _content(entry.after)
    if entry.command == "draft.change" and entry.after is not None:
        before, after = dict(entry.after["before"] or {}), dict(entry.after["after"] or {})
    keys = [key for key in dict.fromkeys([*before, *after]) if before.get(key) != after.get(key)]
    return [Line(words.label(key), _plain(before.get(key)), _plain(after.get(key))) for key in keys]


def _content(payload: Payload | None) -> dict[str, Any]:
    return dict(payload or {})


def _plain(value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return "—"
        case dict():
            parts = [
                f"{words.label(key)}: {_plain(each)}"
                for key, each in value.items()
                if each not in (None, "", [], {})
            ]
            return "; ".join(parts) or "—"
        case list():
            return ", ".join(_plain(each) for each in value)
        case bool():
            return _("yes") if value else _("no")
        case _:
            return str(value)


def _rule(kind: str, content: Payload | None, version: int) -> AnyRule | None:
    return None if content is None else decode_rule(kind, content, version)


def _change_said(entry: AuditEntry, payload: Payload) -> str:
    kind, version = str(payload["kind"]), entry.schema_version
    before, after = (_rule(kind, payload[key], version) for key in ("before", "after"))
    return words.change_words(before, after, context.names())


def _drafted(entry: AuditEntry) -> str:
    return _change_said(entry, entry.after or {})


def _undone(entry: AuditEntry) -> str:
    payload = entry.before or {}
    author = str(payload["author"])
    said = _change_said(entry, payload)
    if author == entry.actor:
        return _("took back: %(what)s", what=said)
    return _("took back what %(who)s did: %(what)s", who=context.called(author), what=said)


def _published(entry: AuditEntry) -> str:
    after = entry.after or {}
    return ngettext(
        "published release %(number)d with %(num)d change",
        "published release %(number)d with %(num)d changes",
        len(after["changes"]),
        number=int(after["number"]),
    )


def _proposed(entry: AuditEntry) -> str:
    changes = (entry.after or {})["changes"]
    return ngettext(
        "proposed %(num)d change as proposal %(target)s",
        "proposed %(num)d changes as proposal %(target)s",
        len(changes),
        target=entry.target,
    )


def _planned(entry: AuditEntry) -> str:
    after = entry.after or {}
    when = moments.moment(datetime.fromisoformat(after["publish_at"]), context.zone())
    return _("planned proposal %(target)s for %(when)s", target=entry.target, when=when)


def _accepted(entry: AuditEntry) -> str:
    after = entry.after or {}
    said = _("accepted run %(run)s as release %(number)d", run=after["run_id"], number=int(after["number"]))
    return _("%(said)s, despite the quality gate", said=said) if after.get("despite_gate") else said


def _rolled_back(entry: AuditEntry) -> str:
    after = entry.after or {}
    what = {"rules": _("the rules"), "run": _("the run")}.get(str(after["what"]), _("rules and run"))
    return _(
        "rolled %(what)s back to release %(to)d, as release %(number)d",
        what=what,
        to=int(after["to"]),
        number=int(after["number"]),
    )


def _target_of(payload: Payload | None) -> str:
    content = dict((payload or {}).get("target") or {})
    if content:
        return words.target_words(decode_target(content), context.names())
    return words.target_words(Target(item_id=(payload or {})["item_id"]), context.names())


def _taken_down(entry: AuditEntry) -> str:
    return _("took down %(title)s", title=_target_of(entry.after))


def _lifted(entry: AuditEntry) -> str:
    return _("lifted the takedown of %(title)s", title=_target_of(entry.before))


def _catalog(entry: AuditEntry) -> str:
    after = entry.after or {}
    return _(
        "changed the catalog: %(added)d new items, %(changed)d changed",
        added=int(after["added"]),
        changed=int(after["changed"]),
    )


def _availability(entry: AuditEntry) -> str:
    after = entry.after or {}
    titles = ", ".join(context.names().item(str(each)) for each in after["items"])
    if after["available"]:
        return _("set to available: %(titles)s", titles=titles)
    return _("set to not available: %(titles)s", titles=titles)


def _about(sentence: str) -> Callable[[AuditEntry], str]:
    """A sentence whose one blank is the entry's target; translated when it is said."""
    return lambda entry: _(sentence, target=entry.target)


def _role(entry: AuditEntry) -> str:
    return _("made %(target)s a %(role)s", target=entry.target, role=(entry.after or {})["role"])


def _key(entry: AuditEntry) -> str:
    name = (entry.after or entry.before or {}).get("name", entry.target)
    if entry.command == "key.add":
        return _("made the key %(name)s", name=name)
    return _("revoked the key %(name)s", name=name)


_SENTENCES: Mapping[str, Callable[[AuditEntry], str]] = {
    "draft.change": _drafted,
    "draft.undo": _undone,
    "release.publish": _published,
    "release.accept": _accepted,
    "release.rollback": _rolled_back,
    "proposal.make": _proposed,
    "proposal.schedule": _planned,
    "proposal.publish": _about("saw proposal %(target)s published"),
    "proposal.return": _about("handed proposal %(target)s back"),
    "proposal.withdraw": _about("called proposal %(target)s off"),
    "proposal.fail": _about("had planned proposal %(target)s, which could not be published"),
    "takedown.add": _taken_down,
    "takedown.lift": _lifted,
    "catalog.upsert": _catalog,
    "catalog.availability": _availability,
    "run.start": _about("started run %(target)s"),
    "run.ready": _about("finished run %(target)s, which waits for review"),
    "run.failed": _about("saw run %(target)s fail"),
    "run.reject": _about("rejected run %(target)s"),
    "interactions.import": _about("imported interactions"),
    "segments.import": _about("imported segments from %(target)s"),
    "person.add": _about("let %(target)s in"),
    "person.invite": _about("invited %(target)s"),
    "person.link": _about("made a new link for %(target)s"),
    "person.join": _about("came in by the link for %(target)s"),
    "person.sessions": _about("signed %(target)s out everywhere"),
    "person.role": _role,
    "person.password": _about("changed the password of %(target)s"),
    "person.deactivate": _about("kept %(target)s out"),
    "person.reactivate": _about("let %(target)s in again"),
    "key.add": _key,
    "key.revoke": _key,
}
