"""The tables, as typed mappings.

Audit entries and takedowns name people and items by text, without foreign keys: they outlive both.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, MetaData, Text, UniqueConstraint, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from recsys.storage.types import BigId, IdText, JsonText, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
THE_ONLY_ROW = 1
MADE_LATER = {"made_later": True}
"""Marks indexes that are made beside the migrations, without a lock that writers would wait for."""


class Base(DeclarativeBase):
    """What all tables share: names of constraints that migrations can rely on, and the column types."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text(), float: Double(), datetime: UtcDateTime()}


class ItemRow(Base):
    """A catalog item. `seq` is a small number that never changes, for cursors; `words` is what an older desk searches."""

    __tablename__ = "item"

    seq: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(IdText, unique=True)
    title: Mapped[str]
    price: Mapped[float | None]
    currency: Mapped[str | None]
    tags: Mapped[Any] = mapped_column(JsonText)
    markets: Mapped[Any] = mapped_column(JsonText)
    available: Mapped[bool]
    group_id: Mapped[str | None] = mapped_column(IdText)
    image_url: Mapped[str | None]
    url: Mapped[str | None]
    added_at: Mapped[datetime | None]
    stock: Mapped[int | None] = mapped_column(BigId)
    attributes: Mapped[Any] = mapped_column(JsonText)
    words: Mapped[str]
    revision: Mapped[int] = mapped_column(index=True)
    updated_at: Mapped[datetime]


class RunRow(Base):
    """A training run, from its start to what people made of it."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("status IN ('training', 'ready', 'failed', 'accepted', 'rejected')", name="status"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    status: Mapped[str] = mapped_column(index=True)
    model: Mapped[str]
    metrics: Mapped[Any] = mapped_column(JsonText)
    gate: Mapped[Any] = mapped_column(JsonText)
    facts: Mapped[Any] = mapped_column(JsonText)
    cutoff: Mapped[datetime | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    requested_by: Mapped[str]
    event_revision: Mapped[int | None] = mapped_column(BigId)


class ReleaseRow(Base):
    """One step of the shop's single line of releases."""

    __tablename__ = "release"
    __table_args__ = (
        CheckConstraint("kind IN ('first', 'publish', 'accept', 'rollback')", name="kind"),
        Index("ix_release_created_at", "created_at"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    run_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("run.id"))
    comment: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    from_release: Mapped[int | None] = mapped_column(ForeignKey("release.number"))
    restored: Mapped[str | None]


class RuleRevisionRow(Base):
    """The content of a rule, and the release that first carried it."""

    __tablename__ = "rule_revision"
    __table_args__ = (UniqueConstraint("rule_id", "published"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rule_id: Mapped[str] = mapped_column(IdText)
    kind: Mapped[str]
    content: Mapped[Any] = mapped_column(JsonText)
    schema_version: Mapped[int]
    author: Mapped[str]
    published: Mapped[int] = mapped_column(ForeignKey("release.number"))


class ReleaseRuleRow(Base):
    """Which contents a release carries."""

    __tablename__ = "release_rule"

    release_number: Mapped[int] = mapped_column(ForeignKey("release.number"), primary_key=True)
    revision_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("rule_revision.id"), primary_key=True, index=True
    )


class ShopStateRow(Base):
    """The one row that workers poll and that writers queue for: what is live, and how often each part moved."""

    __tablename__ = "shop_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    live: Mapped[int | None] = mapped_column(ForeignKey("release.number"))
    catalog_revision: Mapped[int]
    overlay_revision: Mapped[int]
    draft_revision: Mapped[int]


class DraftChangeRow(Base):
    """One step of the draft. Ids are never used twice: an old one must not come to mean a newer change."""

    __tablename__ = "draft_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rule_id: Mapped[str] = mapped_column(IdText, index=True)
    kind: Mapped[str]
    before: Mapped[Any | None] = mapped_column(JsonText)
    after: Mapped[Any | None] = mapped_column(JsonText)
    schema_version: Mapped[int]
    author: Mapped[str]
    at: Mapped[datetime]
    note: Mapped[str]


class TakedownRow(Base):
    """An exclusion that acts now; it stands until `lifted_at`."""

    __tablename__ = "takedown"
    __table_args__ = (CheckConstraint("(item_id IS NULL) <> (selector IS NULL)", name="one_target"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    item_id: Mapped[str | None] = mapped_column(IdText)
    selector: Mapped[Any | None] = mapped_column(JsonText)
    reason: Mapped[str]
    author: Mapped[str]
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None] = mapped_column(index=True)
    lifted_by: Mapped[str | None]
    lift_reason: Mapped[str | None]


class SegmentMemberRow(Base):
    """A shopper in a segment."""

    __tablename__ = "segment_member"

    user_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    segment: Mapped[str] = mapped_column(IdText, primary_key=True, index=True)


class DislikeRow(Base):
    """What a shopper thinks of seeing an item again; `kind` says whether the shopper is a user or a session.

    `at` is the time of the latest word on it, and `standing` whether that word was a dislike.
    `revision` is the event line's when the row last changed, NULL when code older than the column
    wrote it; `event_revision` is the same if it was an event that changed it.
    """

    __tablename__ = "dislike"
    __table_args__ = (CheckConstraint("kind IN ('user', 'session')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    shopper: Mapped[str] = mapped_column(IdText, primary_key=True)
    item_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    at: Mapped[datetime]
    standing: Mapped[bool] = mapped_column(server_default=true())
    revision: Mapped[int | None] = mapped_column(BigId, index=True)
    event_revision: Mapped[int | None] = mapped_column(BigId)


class ShopperItemRow(Base):
    """An item that a shopper has lately looked at or bought.

    `seen_at` is the time of the latest such event; `bought_revision` the event line's when a purchase
    was last told, NULL without one; `revision` the event line's when the row last changed.
    """

    __tablename__ = "shopper_item"
    __table_args__ = (CheckConstraint("kind IN ('user', 'session')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    shopper: Mapped[str] = mapped_column(IdText, primary_key=True)
    item_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    seen_at: Mapped[datetime]
    bought_revision: Mapped[int | None] = mapped_column(BigId, index=True)
    revision: Mapped[int] = mapped_column(BigId, index=True)


class EventLineRow(Base):
    """The one row that writers of events queue for, so that revisions commit in their order.

    `taken` is the revision up to which events have joined the interactions.
    """

    __tablename__ = "event_line"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigId)
    taken: Mapped[int] = mapped_column(BigId)


class RuleCountRow(Base):
    """How many events of a type came on a day (of their arrival, UTC) after answers that a rule had part in.

    `arm` is placed (the rule put the item where it stood), with (the rule acted on the answer) or without
    (it would have, but for its holdout). `value` is the money that came with them.
    """

    __tablename__ = "rule_count"
    __table_args__ = (CheckConstraint("arm IN ('placed', 'with', 'without')", name="arm"),)

    rule_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    events: Mapped[int] = mapped_column(BigId)
    value: Mapped[float]


class EventKeyRow(Base):
    """The name of an event that was accepted, known for as long as the event is kept: no event is stored twice.

    `received_at` and `revision` are those of the event.
    """

    __tablename__ = "event_key"

    namespace: Mapped[str] = mapped_column(IdText, primary_key=True)
    event_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    revision: Mapped[int] = mapped_column(BigId)


class EventRow(Base):
    """An event as it was accepted; `revision` is the event line's in the transaction that wrote it.

    On PostgreSQL it is partitioned by the day of arrival (`storage.partitions`), and `seq` counts there without
    being a key: that would have to name the day too.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("user_id IS NOT NULL OR session_id IS NOT NULL", name="shopper"),
        # What is past its time is found by it; made by `storage.large_indexes`, for the table may be large.
        Index("ix_event_received_at", "received_at", postgresql_concurrently=True, info=MADE_LATER),
        {"sqlite_autoincrement": True, "postgresql_partition_by": "RANGE (received_at)"},
    )

    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    namespace: Mapped[str] = mapped_column(IdText)
    event_id: Mapped[str] = mapped_column(IdText)
    type: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(IdText)
    session_id: Mapped[str | None] = mapped_column(IdText)
    item_id: Mapped[str] = mapped_column(IdText)
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    recommendation_id: Mapped[str | None]
    position: Mapped[int | None]
    quantity: Mapped[float | None]
    value: Mapped[float | None]
    reason: Mapped[str | None]
    revision: Mapped[int] = mapped_column(BigId, index=True)


class PersonRow(Base):
    """Someone who may sign in. A higher `session_epoch` ends the sessions begun under a lower one."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("role IN ('viewer', 'editor', 'publisher', 'admin')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(IdText, unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool]
    session_epoch: Mapped[int]
    created_at: Mapped[datetime]


class ProposalRow(Base):
    """A publication that somebody proposes or has scheduled: the ids of draft changes, and what became of it.

    `publish_at` is when a scheduled one is due; `decided_…` and `word` say who ended it and what they said.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint(
            "status IN ('open', 'scheduled', 'published', 'returned', 'withdrawn', 'failed')", name="status"
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    author: Mapped[str] = mapped_column(IdText)
    at: Mapped[datetime]
    comment: Mapped[str]
    changes: Mapped[Any] = mapped_column(JsonText)
    status: Mapped[str] = mapped_column(index=True)
    publish_at: Mapped[datetime | None]
    release: Mapped[int | None] = mapped_column(ForeignKey("release.number"))
    decided_by: Mapped[str | None] = mapped_column(IdText)
    decided_at: Mapped[datetime | None]
    word: Mapped[str]


class PresenceRow(Base):
    """Who was last seen at the desk when, and where. Not history: rows are overwritten."""

    __tablename__ = "presence"

    person: Mapped[str] = mapped_column(IdText, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)
    place: Mapped[str]


class ApiKeyRow(Base):
    """An API key; of the key itself only its SHA-256, and the first characters by which people recognise it."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    prefix: Mapped[str]
    scopes: Mapped[Any] = mapped_column(JsonText)
    publishable: Mapped[bool]
    origins: Mapped[Any] = mapped_column(JsonText)
    rate_limit: Mapped[int | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    revoked_at: Mapped[datetime | None]


class AuditEntryRow(Base):
    """What was done, by whom, and what stood before and after."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_target_command", "target", "command"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(IdText, index=True)
    role: Mapped[str]
    command: Mapped[str] = mapped_column(IdText, index=True)
    target: Mapped[str] = mapped_column(IdText)
    before: Mapped[Any | None] = mapped_column(JsonText)
    after: Mapped[Any | None] = mapped_column(JsonText)
    schema_version: Mapped[int]
    comment: Mapped[str]
