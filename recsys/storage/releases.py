"""Releases: one line of numbered, frozen rule sets, each with a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, tuple_
from sqlalchemy.orm import Session

from recsys.domain.errors import NotFound
from recsys.domain.ids import RuleId
from recsys.domain.rules import RuleSet, kind_of
from recsys.storage.codec import SCHEMA_VERSION, decode_rule, encode_rule
from recsys.storage.tables import ReleaseRow, ReleaseRuleRow, RuleRevisionRow

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release without its rules.

    `kind` is first, publish, accept or rollback; a roll back names the release it went back to in
    `from_release` and what of it in `restored` (both, rules or run). `created_at` is UTC.
    """

    number: int
    kind: str
    run_id: str | None
    author: str
    created_at: datetime
    comment: str = ""
    from_release: int | None = None
    restored: str | None = None


class ReleaseRepository:
    """Adds releases to the line and reads them; a release never changes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def info(self, number: int) -> ReleaseInfo:
        """Release `number`; raises NotFound."""
        row = self._session.get(ReleaseRow, number)
        if row is None:
            raise NotFound("release", f"There is no release {number}.")
        return _info(row)

    def newest(self, limit: int) -> list[ReleaseInfo]:
        """The last releases, newest first."""
        rows = self._session.scalars(select(ReleaseRow).order_by(ReleaseRow.number.desc()).limit(limit))
        return [_info(row) for row in rows]

    def line(self) -> list[tuple[str | None, datetime]]:
        """The run and the beginning of every release, oldest first."""
        columns = select(ReleaseRow.run_id, ReleaseRow.created_at).order_by(ReleaseRow.number)
        return [(run_id, created_at) for run_id, created_at in self._session.execute(columns)]

    def next_number(self) -> int:
        """The number of the next release."""
        return (self._session.scalar(select(func.max(ReleaseRow.number))) or 0) + 1

    def rules(self, number: int) -> RuleSet:
        """The rules of release `number`, each with the release that first published its content."""
        return read_rules(self._session.connection(), number)

    def contents(self, number: int) -> dict[str, tuple[Any, int]]:
        """By rule id, the stored content and the release that first published it, undecoded."""
        found = self._session.connection().execute(_revisions(number))
        return {rule_id: (content, published) for rule_id, _, content, _, published in found}

    def add(self, info: ReleaseInfo, rules: RuleSet) -> None:
        """Append a release; rules that are first published in it get a revision, the others keep theirs."""
        self._session.add(ReleaseRow(**{name: getattr(info, name) for name in ReleaseInfo.__slots__}))
        self._session.flush()
        fresh = [rule for rule in rules if rule.published == info.number]
        if fresh:
            self._session.execute(insert(RuleRevisionRow), [_revision(rule, info.number) for rule in fresh])
        links = [
            {"release_number": info.number, "revision_id": revision} for revision in self._revision_ids(rules)
        ]
        if links:
            self._session.execute(insert(ReleaseRuleRow), links)

    def rule_ids(self, number: int) -> list[RuleId]:
        """The ids of a release's rules, sorted; none when there is no such release."""
        return [RuleId(row.rule_id) for row in self._session.execute(_revisions(number))]

    def _revision_ids(self, rules: RuleSet) -> list[int]:
        wanted = [(rule.id, rule.published) for rule in rules]
        pair = tuple_(RuleRevisionRow.rule_id, RuleRevisionRow.published)
        found: list[int] = []
        for start in range(0, len(wanted), _AT_ONCE):
            statement = select(RuleRevisionRow.id).where(pair.in_(wanted[start : start + _AT_ONCE]))
            found.extend(self._session.scalars(statement))
        if len(found) != len(wanted):
            raise LookupError("a rule claims a publication that the store does not know")
        return found


def read_rules(connection: Connection, number: int) -> RuleSet:
    """The rules of release `number`, each with the release that first published its content."""
    return RuleSet(
        replace(decode_rule(kind, content, version), published=published)
        for _, kind, content, version, published in connection.execute(_revisions(number))
    )


def _revisions(number: int) -> Any:
    row = RuleRevisionRow
    return (
        select(row.rule_id, row.kind, row.content, row.schema_version, row.published)
        .join(ReleaseRuleRow, ReleaseRuleRow.revision_id == row.id)
        .where(ReleaseRuleRow.release_number == number)
        .order_by(row.rule_id)
    )


def _revision(rule: Any, number: int) -> dict[str, Any]:
    return {
        "rule_id": rule.id,
        "kind": kind_of(rule),
        "content": encode_rule(rule),
        "schema_version": SCHEMA_VERSION,
        "author": rule.author,
        "published": number,
    }


def _info(row: ReleaseRow) -> ReleaseInfo:
    return ReleaseInfo(**{name: getattr(row, name) for name in ReleaseInfo.__slots__})
