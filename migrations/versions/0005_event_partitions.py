"""Events partitioned by the day of their arrival on PostgreSQL; on SQLite they stay one table.

The table that is there becomes the first partition; nothing is copied. How that takes a moment only is told in
`recsys.storage.upgrading_events`; where that did not come first, as when Alembic's own command upgrades, all of it
happens here, and whoever tells events waits for it.
Code of the version before goes on working: it writes to the same name.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from recsys.storage.partitions import cover_ahead

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)

UNTIL = """
SELECT (regexp_match(pg_get_constraintdef(oid), '''([^'']*)'''))[1]::timestamptz FROM pg_constraint
WHERE conrelid = to_regclass('event') AND conname = 'ck_event_until' AND convalidated
"""
COPY = """
INSERT INTO event_key (namespace, event_id, received_at, revision)
SELECT namespace, event_id, received_at, revision FROM event ORDER BY seq ON CONFLICT DO NOTHING
"""
TRIGGER = (
    "CREATE TRIGGER event_key_written BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION write_event_key()"
)
SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER event_key_known BEFORE INSERT ON event
    WHEN EXISTS (SELECT 1 FROM event_key WHERE namespace = NEW.namespace AND event_id = NEW.event_id
                 AND revision <> NEW.revision)
    BEGIN SELECT RAISE(IGNORE); END
    """,
    """
    CREATE TRIGGER event_key_written AFTER INSERT ON event
    BEGIN
        INSERT INTO event_key (namespace, event_id, received_at, revision)
        VALUES (NEW.namespace, NEW.event_id, NEW.received_at, NEW.revision) ON CONFLICT DO NOTHING;
    END
    """,
)
LOOSE = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relname ~ '^event_from_'"
NAMES = (("pk_event", "pk_event_from_before"), ("ix_event_revision", "ix_event_from_before_revision"))
LATER = ("ix_event_received_at", "ix_event_from_before_received_at")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_on_sqlite(unique=False)
        return
    bind = op.get_bind()
    op.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
    until = bind.scalar(sa.text(UNTIL)) or _until_here()
    empty = not bind.scalar(sa.text("SELECT EXISTS (SELECT FROM event)"))
    for statement in (
        "DROP TRIGGER event_key_written ON event",
        "DROP TRIGGER IF EXISTS event_until ON event",
        "DROP FUNCTION IF EXISTS event_until()",
        "ALTER TABLE event DROP CONSTRAINT uq_event_namespace_event_id",
        "ALTER TABLE event RENAME TO event_from_before",
        *(f"ALTER INDEX {old} RENAME TO {new}" for old, new in NAMES),
    ):
        op.execute(statement)
    _make_partitioned()
    if empty:
        op.execute("DROP TABLE event_from_before")
    else:
        _attach(until)
    cover_ahead(bind, datetime.now(UTC))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_on_sqlite(unique=True)
        return
    op.execute("ALTER SEQUENCE event_seq_seq OWNED BY NONE")
    op.execute("ALTER TABLE event RENAME TO event_parts")
    op.execute("DROP INDEX ix_event_revision")
    op.execute("DROP INDEX IF EXISTS ix_event_received_at")
    plain = _make_table("event", sa.PrimaryKeyConstraint("seq", name="pk_event"), _unique())
    _copy("event_parts", plain)
    op.execute("ALTER SEQUENCE event_seq_seq OWNED BY event.seq")
    op.execute("DROP TABLE event_parts")
    for name in list(op.get_bind().scalars(sa.text(LOOSE))):
        op.execute(f"DROP TABLE {name}")
    op.create_index("ix_event_revision", "event", ["revision"])
    op.create_index("ix_event_received_at", "event", ["received_at"])
    op.execute(TRIGGER)


def _until_here() -> datetime:
    """Do here what should have been done before."""
    op.execute(COPY)
    newest = op.get_bind().scalar(sa.text("SELECT max(received_at) FROM event"))
    now = datetime.now(UTC)
    latest = max(now, newest or now).astimezone(UTC)
    return latest.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)


def _make_partitioned() -> None:
    op.execute("ALTER SEQUENCE event_seq_seq OWNED BY NONE")
    _make_table("event", postgresql_partition_by="RANGE (received_at)")
    op.execute("ALTER SEQUENCE event_seq_seq OWNED BY event.seq")
    op.create_index("ix_event_revision", "event", ["revision"])
    op.execute(TRIGGER)


def _attach(until: datetime) -> None:
    made = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"
    if op.get_bind().scalar(sa.text(made), {"name": LATER[0]}):
        op.execute(f"ALTER INDEX {LATER[0]} RENAME TO {LATER[1]}")
        op.create_index(LATER[0], "event", ["received_at"])
    else:
        op.execute(f"DROP INDEX IF EXISTS {LATER[0]}")
    bounds = f"FROM (MINVALUE) TO ('{until.isoformat()}')"
    op.execute(f"ALTER TABLE event ATTACH PARTITION event_from_before FOR VALUES {bounds}")
    op.execute("ALTER TABLE event_from_before DROP CONSTRAINT IF EXISTS ck_event_until")


def _make_table(name: str, *constraints: sa.Constraint, **options: Any) -> sa.Table:
    postgresql = op.get_bind().dialect.name == "postgresql"
    # The numbers go on, so that events keep their order.
    numbers = sa.text("nextval('event_seq_seq')") if postgresql else None
    return op.create_table(
        name,
        sa.Column("seq", BIG, nullable=False, server_default=numbers, autoincrement=not postgresql),
        sa.Column("namespace", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("session_id", ID, nullable=True),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("recommendation_id", TEXT, nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Double(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("revision", BIG, nullable=False),
        sa.CheckConstraint("user_id IS NOT NULL OR session_id IS NOT NULL", name=op.f("ck_event_shopper")),
        *constraints,
        **options,
    )


def _copy(old: str, new: sa.Table) -> None:
    names = [column.name for column in new.columns]
    source = sa.table(old, *(sa.column(name) for name in names))
    op.execute(sa.insert(new).from_select(names, sa.select(source).order_by(source.c.seq)))


def _unique() -> sa.Constraint:
    return sa.UniqueConstraint("namespace", "event_id", name="uq_event_namespace_event_id")


def _rebuild_on_sqlite(*, unique: bool) -> None:
    """The same table with or without its unique names."""
    key = sa.PrimaryKeyConstraint("seq", name="pk_event")
    rebuilt = _make_table("event_rebuilt", key, *([_unique()] if unique else []), sqlite_autoincrement=True)
    _copy("event", rebuilt)
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'event_rebuilt'")
    op.execute(
        "INSERT INTO sqlite_sequence SELECT 'event_rebuilt', seq FROM sqlite_sequence WHERE name = 'event'"
    )
    op.drop_table("event")
    op.rename_table("event_rebuilt", "event")
    op.create_index("ix_event_revision", "event", ["revision"])
    op.create_index("ix_event_received_at", "event", ["received_at"])
    for trigger in SQLITE_TRIGGERS:
        op.execute(trigger)
