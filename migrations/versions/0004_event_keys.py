"""The names of events in a table of their own, so that the events may lie in many.

Code of the version before goes on working: what it writes into `event` alone gets its name here by a trigger, which
also leaves out what is known. On PostgreSQL the names of events that are there already are written down beside the
writers, before the next migration (`recsys.storage.upgrading_events`); until then their old constraint knows them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

POSTGRESQL = (
    """
    CREATE FUNCTION write_event_key() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM event_key WHERE namespace = NEW.namespace AND event_id = NEW.event_id AND revision = NEW.revision;
        IF FOUND THEN
            RETURN NEW;
        END IF;
        INSERT INTO event_key (namespace, event_id, received_at, revision)
        VALUES (NEW.namespace, NEW.event_id, NEW.received_at, NEW.revision) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN NEW;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER event_key_written BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION write_event_key()
    """,
)
SQLITE = (
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
COPY = """
INSERT INTO event_key (namespace, event_id, received_at, revision)
SELECT namespace, event_id, received_at, revision FROM event WHERE true ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table(
        "event_key",
        sa.Column("namespace", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.PrimaryKeyConstraint("namespace", "event_id", name="pk_event_key"),
    )
    op.create_index("ix_event_key_received_at", "event_key", ["received_at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(COPY)
        statements = SQLITE
    else:
        statements = POSTGRESQL
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER event_key_known")
        op.execute("DROP TRIGGER event_key_written")
    else:
        op.execute("DROP TRIGGER event_key_written ON event")
        op.execute("DROP FUNCTION write_event_key()")
        # Left by an upgrade that was broken off before the next migration.
        op.execute("DROP TRIGGER IF EXISTS event_until ON event")
        op.execute("DROP FUNCTION IF EXISTS event_until()")
        op.execute("ALTER TABLE event DROP CONSTRAINT IF EXISTS ck_event_until")
    op.drop_table("event_key")
